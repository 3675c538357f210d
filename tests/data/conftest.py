# SPDX-License-Identifier: Apache-2.0
"""Tiny datasets in the layouts that users have, written into the test's own folder."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

HEADER = "image_id,melanoma,seborrheic_keratosis"
SPLIT_FOLDERS = {"training": "Training", "validation": "Validation", "test": "Test_v2"}


def write_image(path: Path, size: tuple[int, int] = (8, 6), seed: int = 0) -> Path:
    """A noise image of (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


def write_mask(path: Path, size: tuple[int, int] = (8, 6), value: int = 255) -> Path:
    """A mask whose left half has ``value``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = np.zeros((size[1], size[0]), np.uint8)
    mask[:, : size[0] // 2] = value
    Image.fromarray(mask).save(path)
    return path


def truncate(path: Path) -> Path:
    """Cut the second half of a file away."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def write_isic(root: Path, split: str, labels: dict[str, tuple[int, int]], masks: bool = True) -> Path:
    """One split in the challenge's folders: id -> (melanoma, seborrheic_keratosis)."""
    name = f"ISIC-2017_{SPLIT_FOLDERS[split]}"
    for seed, image_id in enumerate(labels):
        write_image(root / f"{name}_Data" / f"{image_id}.jpg", seed=100 * len(name) + seed)
        if masks:
            write_mask(root / f"{name}_Part1_GroundTruth" / f"{image_id}_segmentation.png")
    rows = [HEADER] + [f"{image_id},{float(m)},{float(k)}" for image_id, (m, k) in labels.items()]
    (root / f"{name}_Part3_GroundTruth.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture
def isic(tmp_path: Path) -> Path:
    """Two training images (melanoma, nevus) and one validation image (seborrheic keratosis)."""
    write_isic(tmp_path / "isic", "training", {"ISIC_0000001": (1, 0), "ISIC_0000002": (0, 0)})
    return write_isic(tmp_path / "isic", "validation", {"ISIC_0000003": (0, 1)})


@pytest.fixture
def ph2(tmp_path: Path) -> Path:
    """Three cases: common nevus, atypical nevus, melanoma."""
    cases = tmp_path / "ph2" / "PH2Dataset" / "PH2 Dataset images"
    rows = ["||   Name || Histological Diagnosis || Clinical Diagnosis || Asymmetry | Streaks ||           Colors ||"]
    for code, image_id in enumerate(("IMD001", "IMD002", "IMD003")):
        write_image(cases / image_id / f"{image_id}_Dermoscopic_Image" / f"{image_id}.bmp", seed=code)
        write_mask(cases / image_id / f"{image_id}_lesion" / f"{image_id}_lesion.bmp")
        write_image(cases / image_id / f"{image_id}_roi" / f"{image_id}_R1_Label4.bmp")
        rows.append(f"|| {image_id} ||                        ||                  {code} ||  0 | A ||    3  4 ||")
    rows += ["", "Legends for Clinical Diagnosis: ", "   0 - Common Nevus;"]
    (cases.parent / "PH2_dataset.txt").write_text("\r\n".join(rows))
    return tmp_path / "ph2"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images, or a skip that says why."""
    default = Path(__file__).resolve().parents[3] / "shared" / "data"
    path = Path(os.environ.get("MT_TRANSUNET_DATA", default))
    if not (path / "isic2017_256").is_dir():
        pytest.skip(f"no real images at {path}; set MT_TRANSUNET_DATA to the folder that holds isic2017_256")
    return path


@pytest.fixture
def make():
    """The writers above, for tests that need something else."""

    class Make:
        image = staticmethod(write_image)
        mask = staticmethod(write_mask)
        isic = staticmethod(write_isic)
        truncated = staticmethod(truncate)
        header = HEADER

    return Make
