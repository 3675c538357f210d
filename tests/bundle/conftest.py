# SPDX-License-Identifier: Apache-2.0
"""The bundle as its users run it, on data and at sizes small enough for a test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from monai.bundle import ConfigWorkflow
from PIL import Image
from torch import Tensor, nn

from mt_transunet.data.synthetic import write_synthetic_dataset

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "bundle" / "configs"
FILES = {
    "training": ("train.json",),
    "evaluating": ("train.json", "evaluate.json"),
    "inference": ("inference.json",),
}
TINY = {
    "training": {"image_size": 32, "labelled_batch": 2, "unlabelled_batch": 1, "pretrained": False, "num_workers": 0},
    "evaluating": {"image_size": 32, "num_workers": 0, "views": "none", "resamples": 20},
    "inference": {"view_sizes": [32], "num_workers": 0, "views": "none"},
}

RUNNER = """
import json, os, runpy, sys
for words in json.loads(sys.argv[1]):
    sys.argv, code, sys.excepthook = ["", *words], 0, sys.__excepthook__
    try:
        runpy.run_module("monai.bundle", run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        code = stop.code or 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    for stream in (sys.stdout, sys.stderr):
        print(f"\\x1e{code}\\x1e", file=stream, flush=True)
"""
"""``python -m monai.bundle`` for one command line after another: importing torch and MONAI takes most of a command."""


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small are slower on several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}


@pytest.fixture(scope="session")
def configs() -> Path:
    return CONFIGS


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six training, three validation, three test and three additional images in the challenge's folders."""
    root = tmp_path_factory.mktemp("data") / "synthetic"
    return write_synthetic_dataset(root, training=6, validation=3, test=3, additional=3)


@pytest.fixture(scope="session")
def prepared() -> Callable[..., ConfigWorkflow]:
    """``prepared("training", output_dir=..., ...)``: the workflow of a command at a tiny size, not yet initialized."""

    def prepare(command: str, **overrides: Any) -> ConfigWorkflow:
        return ConfigWorkflow(
            config_file=[str(CONFIGS / name) for name in FILES[command]],
            workflow_type="training" if command == "training" else "inference",
            logging_file=False,
            **{**TINY[command], **{key: str(v) if isinstance(v, Path) else v for key, v in overrides.items()}},
        )

    return prepare


@pytest.fixture(scope="session")
def finished(prepared: Callable[..., ConfigWorkflow]) -> Callable[..., ConfigWorkflow]:
    """The same, initialized, run and finalized."""

    def finish(command: str, **overrides: Any) -> ConfigWorkflow:
        workflow = prepared(command, **overrides)
        workflow.initialize()
        workflow.run()
        workflow.finalize()
        return workflow

    return finish


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, synthetic: Path, finished: Callable[..., ConfigWorkflow]) -> Path:
    """A finished training of four iterations, three of which are an epoch."""
    output = tmp_path_factory.mktemp("runs") / "training"
    additional = synthetic / "additional"
    finished("training", dataset_dir=synthetic, additional_dir=additional, output_dir=output, max_iterations=4)
    return output


@pytest.fixture(scope="session")
def commands(environment: dict[str, str]) -> Callable[..., list[Outcome]]:
    """Run command lines (the words after ``python -m monai.bundle``) in a folder, one process for all of them."""

    def execute(lines: Sequence[Sequence[object]], cwd: Path) -> list[Outcome]:
        words = json.dumps([[str(word) for word in line] for line in lines])
        done = subprocess.run(
            [sys.executable, "-c", RUNNER, words], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
        )
        out, err = done.stdout.split("\x1e"), done.stderr.split("\x1e")
        assert len(out) == len(err) == 2 * len(lines) + 1, done.stdout + done.stderr
        return [Outcome(int(out[i + 1]), out[i], err[i]) for i in range(0, 2 * len(lines), 2)]

    return execute


class DarkIsLesion(nn.Module):
    """Stands in for the network: what is dark in the image is lesion, so that the true mask is known."""

    image_size = 32

    def __init__(self) -> None:
        super().__init__()
        self.register_parameter("bias", nn.Parameter(torch.zeros(3)))
        self.seen: list[tuple[int, ...]] = []

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        self.seen += [tuple(view.shape) for view in image]
        darkness = 20.0 * (0.5 - image.float().mean(dim=1, keepdim=True))
        B, _, H, W = image.shape
        return {
            "mask_logits": torch.cat([-darkness, darkness], dim=1),
            "level_set": -darkness.tanh(),
            "class_logits": self.bias + torch.tensor([0.0, 1.0, 2.0]) * darkness.mean(dim=(1, 2, 3))[:, None],
            "attention": torch.full((B, H // 16, W // 16), 256.0 / (H * W)),
        }


@pytest.fixture(scope="session")
def dark_network() -> type[DarkIsLesion]:
    return DarkIsLesion


@pytest.fixture
def dark_is_lesion(tmp_path: Path) -> dict[str, Any]:
    """Overrides that put that network and a file of its weights into a config."""
    network = DarkIsLesion()
    torch.save(network.state_dict(), tmp_path / "dark_is_lesion.pt")
    return {"network_def": network, "weights": str(tmp_path / "dark_is_lesion.pt")}


@pytest.fixture(scope="session")
def lesion() -> Callable[..., np.ndarray]:
    """A pale image of (width, height) with a dark rectangle in its upper left part, and where that is."""

    def draw(width: int = 96, height: int = 64) -> tuple[np.ndarray, np.ndarray]:
        inside = np.zeros((height, width), bool)
        inside[height // 8 : height // 2, width // 8 : width // 4] = True
        return np.where(inside[..., None], (60, 30, 20), (230, 200, 190)).astype(np.uint8), inside

    return draw


@pytest.fixture(scope="session")
def challenge() -> Callable[..., Path]:
    """Write one split in the challenge's folders: id -> (image, mask or None, label or None)."""

    def write(root: Path, split: str, cases: dict[str, tuple[Image.Image, Image.Image | None, int | None]]) -> Path:
        images, masks = root / f"ISIC-2017_{split}_Data", root / f"ISIC-2017_{split}_Part1_GroundTruth"
        images.mkdir(parents=True)
        rows = ["image_id,melanoma,seborrheic_keratosis"]
        for name, (image, mask, label) in cases.items():
            image.save(images / name)
            if mask is not None:
                masks.mkdir(exist_ok=True)
                mask.save(masks / f"{Path(name).stem}_segmentation.png")
            if label is not None:
                rows.append(f"{Path(name).stem},{float(label == 1)},{float(label == 2)}")
        if len(rows) > 1:
            (root / f"ISIC-2017_{split}_Part3_GroundTruth.csv").write_text("\n".join(rows) + "\n")
        return root

    return write
