# SPDX-License-Identifier: Apache-2.0
"""Runs and evaluations as they leave them, without any training."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mt_transunet import CLASS_NAMES
from mt_transunet.atomic import write_csv
from mt_transunet.inferers import view_symmetries
from mt_transunet.networks import build_network, weights_hash
from mt_transunet.seen_images import ENDING


@pytest.fixture
def model(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    network = build_network("lite", num_layers=1)
    torch.save(network.state_dict(), tmp_path / "model.pt")
    return tmp_path / "model.pt"


@pytest.fixture
def write_run() -> Callable[..., Path]:
    """``write_run(folder, size, keep="last")``: four iterations of training, of which no weights are left."""

    def write(folder: Path, size: int, **further: Any) -> Path:
        folder.mkdir(parents=True)
        settings = {"image_size": size, "seed": 3, "dataset_dir": "/home/somebody/isic", **further}
        (folder / "config.json").write_text(
            json.dumps({"settings": settings, "versions": {"torch": "2"}, "commits": ["abc"]})
        )
        write_csv(
            folder / "history.csv",
            [{"iteration": 2, "seconds": 90, "val": 0.8}, {"iteration": 4, "seconds": 60, "val": ""}],
        )
        return folder

    return write


@pytest.fixture
def tell() -> Callable[..., None]:
    """``tell(run, keep="best")``: as if the run had been told so."""

    def told(run: Path, **settings: Any) -> None:
        record = json.loads((run / "config.json").read_text())
        (run / "config.json").write_text(json.dumps({**record, "settings": {**record["settings"], **settings}}))

    return told


@pytest.fixture
def write_evaluation() -> Callable[..., Path]:
    """``write_evaluation(folder, probabilities, labels, views="fast")``: of images i0, i1, ...

    ``masks=True`` gives them figures of masks.
    """

    def write(folder: Path, probabilities: np.ndarray, labels: np.ndarray, masks: bool = False, **further: Any) -> Path:
        folder.mkdir(parents=True)
        rows = [
            {"image_id": f"i{number}", "label": label, **dict(zip(CLASS_NAMES, row))}
            for number, (row, label) in enumerate(zip(probabilities.tolist(), labels.tolist()))
        ]
        for number, row in enumerate(rows if masks else []):
            row |= dict.fromkeys(
                ("JA", "DI", "AC", "SE", "SP", "agreement", "consistency"), 0.5 + 0.4 * number / len(rows)
            )
            row["expected"] = 0.9
        write_csv(folder / "per_image.csv", rows)
        protocol = {"dataset_dir": "/home/somebody/isic", "weights": "/home/somebody/x.pt", "views": "paper", **further}
        (folder / "metrics.json").write_text(json.dumps({"segmentation": {"n": 0}, "protocol": protocol}))
        return folder

    return write


@pytest.fixture
def overconfident() -> Callable[[int, int], tuple[np.ndarray, np.ndarray]]:
    """``overconfident(n, seed)``: probabilities whose logits are three times those that the labels were drawn with."""

    def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng(seed)
        logits = generator.normal(size=(n, 3))
        true = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        labels = np.array([generator.choice(3, p=row) for row in true])
        sharp = np.exp(3 * logits)
        return sharp / sharp.sum(1, keepdims=True), labels

    return drawn


@pytest.fixture
def run(tmp_path: Path, model: Path, write_run: Callable[..., Path]) -> Path:
    """A finished training with its weights and the list of the one image they learned from."""
    dataset = [{"name": "somebody", "layout": "datalist.json", "splits": ["training"]}]
    told = {"dataset": dataset, "dataset_dir": "/home/somebody/own.json", "view_sizes": [32, 48]}
    folder = write_run(tmp_path / "run", 32, **told, keep="last", iterations=4)
    shutil.move(model, folder / "model.pt")
    (folder / f"model{ENDING}").write_text("0123456789ab\n")
    return folder


@pytest.fixture
def judge(tmp_path: Path, run: Path, write_evaluation: Callable[..., Path]) -> Callable[..., Path]:
    """``judge(probabilities, labels, views="paper")``: an evaluation of the run's weights, read as inference does."""
    protocol = {"variant": "lite", "split": "val", "learned_from": 0, "resamples": 20}
    protocol |= {"views": "fast", "symmetries": view_symmetries("fast"), "sizes": [48]}

    def judged(probabilities: np.ndarray, labels: np.ndarray, **further: Any) -> Path:
        told = {**protocol, "weights_sha256": weights_hash(run), **further}
        return write_evaluation(tmp_path / "evaluation", probabilities, labels, **told)

    return judged
