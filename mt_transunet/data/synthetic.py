# SPDX-License-Identifier: Apache-2.0
"""The built-in data: synthetic dermoscopic images in the folders of the ISIC-2017 challenge.

No patient is in them and they may be shown anywhere. They are for trying, testing and teaching the tools; no figure
measured on them says anything about skin.
"""

from __future__ import annotations

import contextlib
import csv
import json
import logging
import os
import shutil
import uuid
from pathlib import Path

from PIL import Image

from .synthetic_image import SyntheticCase, synthetic_case

__all__ = ["GENERATOR_VERSION", "SyntheticCase", "synthetic_case", "synthetic_dataset", "write_synthetic_dataset"]

logger = logging.getLogger(__name__)

GENERATOR_VERSION = 1
"""Raised by whoever changes what `synthetic_case` draws: `synthetic_dataset` then draws its set anew."""

_MANIFEST = "synthetic.json"
_JPEG_QUALITY = 92

# Each split numbers its cases from its own start, so that the length of one leaves the others unchanged.
_CASES_PER_SPLIT = 1_000_000
_SPLITS = ("training", "validation", "test", "additional")
_ISIC_NAMES = {"training": "ISIC-2017_Training", "validation": "ISIC-2017_Validation", "test": "ISIC-2017_Test_v2"}


def synthetic_dataset(root: str | Path) -> Path:
    """The default set at `root`: drawn on the first call, reused while complete and of this generator version.

    96 training, 24 validation and 24 test cases with masks and diagnoses, 24 more in `additional` with diagnoses only.

    Raises:
        ValueError: `root` holds something else.
    """
    logger.info("no dataset_dir: the built-in synthetic images in %s are used", root)
    return write_synthetic_dataset(root)


def write_synthetic_dataset(
    root: str | Path,
    *,
    training: int = 96,
    validation: int = 24,
    test: int = 24,
    additional: int = 24,
    seed: int = 0,
    difficulty: float = 0.5,
) -> Path:
    """Write a set in the ISIC-2017 layout and return `root`; a complete set of the same arguments is left as it is.

    `ISIC-2017_{Training,Validation,Test_v2}_Data/<id>.jpg`, `…_Part1_GroundTruth/<id>_segmentation.png` (0 and 255),
    `…_Part3_GroundTruth.csv`; `additional/<id>.jpg` with `additional/labels.csv`. Splits of 0 cases are left out.

    The set is drawn in a folder beside `root` and renamed when complete: an interrupted call leaves `root` as it was,
    and of two at the same time the first to finish gives the set. A set of other arguments or of another generator
    version is replaced.

    Raises:
        ValueError: `root` holds something else, or an amount is not between 0 and 1,000,000.
    """
    root = Path(root)
    amounts = dict(zip(_SPLITS, (training, validation, test, additional)))
    if not all(0 <= amount <= _CASES_PER_SPLIT for amount in amounts.values()):
        raise ValueError(f"amounts must be from 0 to {_CASES_PER_SPLIT:,}, got {amounts}; ask for fewer")
    manifest = {"generator_version": GENERATOR_VERSION, **amounts, "seed": seed, "difficulty": difficulty}
    _refuse_foreign(root)
    if _is_complete(root, manifest):
        return root

    logger.info("drawing %d synthetic images into %s", sum(amounts.values()), root)
    root.parent.mkdir(parents=True, exist_ok=True)
    draft = root.parent / f".{root.name}.{uuid.uuid4().hex[:12]}"
    try:
        draft.mkdir()
        for split, amount in amounts.items():
            if amount:
                _write_split(draft, split, amount, seed, difficulty)
        # last: whoever finds the manifest finds the rest
        (draft / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        _put_in_place(draft, root, manifest)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return root


def _write_split(root: Path, split: str, amount: int, seed: int, difficulty: float) -> None:
    name = _ISIC_NAMES.get(split)
    images = root / (f"{name}_Data" if name else split)
    images.mkdir()
    if name:
        (root / f"{name}_Part1_GroundTruth").mkdir()
    with open(root / f"{name}_Part3_GroundTruth.csv" if name else images / "labels.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("image_id", "melanoma", "seborrheic_keratosis"))
        for number in _numbers(split, amount):
            case = synthetic_case(number, seed=seed, difficulty=difficulty)
            image_id = _image_id(number)
            Image.fromarray(case.image).save(images / f"{image_id}.jpg", quality=_JPEG_QUALITY)
            if name:
                mask = Image.fromarray(case.mask.astype("uint8") * 255)
                mask.save(root / f"{name}_Part1_GroundTruth" / f"{image_id}_segmentation.png")
            table.writerow((image_id, float(case.label == 1), float(case.label == 2)))


def _numbers(split: str, amount: int) -> range:
    start = _SPLITS.index(split) * _CASES_PER_SPLIT
    return range(start, start + amount)


def _image_id(number: int) -> str:
    return f"SYN_{number:07d}"


def _refuse_foreign(root: Path) -> None:
    """Only what this module wrote, and empty folders, may be replaced."""
    if root.is_dir() and ((root / _MANIFEST).is_file() or not any(root.iterdir())):
        return
    if root.exists():
        raise ValueError(f"{root} must be a new folder or an earlier synthetic set, got other content; name another")


def _is_complete(root: Path, manifest: dict) -> bool:
    try:
        if json.loads((root / _MANIFEST).read_text()) != manifest:
            return False
    except (OSError, ValueError):
        return False
    return all(file.is_file() for split in _SPLITS for file in _files(root, split, manifest[split]))


def _files(root: Path, split: str, amount: int) -> list[Path]:
    """Every file that a split of `amount` cases consists of."""
    if amount == 0:
        return []
    name = _ISIC_NAMES.get(split)
    ids = [_image_id(number) for number in _numbers(split, amount)]
    if name is None:
        return [root / split / "labels.csv"] + [root / split / f"{image_id}.jpg" for image_id in ids]
    images = [root / f"{name}_Data" / f"{image_id}.jpg" for image_id in ids]
    masks = [root / f"{name}_Part1_GroundTruth" / f"{image_id}_segmentation.png" for image_id in ids]
    return [root / f"{name}_Part3_GroundTruth.csv"] + images + masks


def _put_in_place(draft: Path, root: Path, manifest: dict) -> None:
    """Rename `draft` to `root`, moving an earlier set out of the way, unless another process has just done so."""
    if _is_complete(root, manifest):
        return
    outdated = draft.with_name(draft.name + ".old")
    _refuse_foreign(root)
    with contextlib.suppress(FileNotFoundError):
        os.rename(root, outdated)
    try:
        os.rename(draft, root)
    except OSError:
        # a folder renamed onto one with content: the other process was quicker
        if not _is_complete(root, manifest):
            raise
    finally:
        shutil.rmtree(outdated, ignore_errors=True)
