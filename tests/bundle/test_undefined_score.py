# SPDX-License-Identifier: Apache-2.0
"""Training where the validation images define no score: nevi alone, without masks."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigWorkflow


@pytest.fixture
def nevi_to_judge_by(synthetic: Path, tmp_path: Path) -> Path:
    root = tmp_path / "data"
    shutil.copytree(synthetic, root, ignore=shutil.ignore_patterns("ISIC-2017_Validation_Part1*"))
    names = sorted(path.stem for path in (root / "ISIC-2017_Validation_Data").glob("*.jpg"))
    rows = ["image_id,melanoma,seborrheic_keratosis", *(f"{name},0.0,0.0" for name in names)]
    (root / "ISIC-2017_Validation_Part3_GroundTruth.csv").write_text("\n".join(rows) + "\n")
    return root


def test_the_last_weights_are_left(
    finished: Callable[..., ConfigWorkflow], nevi_to_judge_by: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    finished("training", dataset_dir=nevi_to_judge_by, output_dir=run, max_iterations=5)
    with open(run / "history.csv") as stream:
        assert [row["val"] for row in csv.DictReader(stream)] == ["nan"] * 3  # epochs of two iterations
    average = torch.load(run / "checkpoint.pt", weights_only=True)["objects"]["averaging"]
    kept = torch.load(run / "model.pt", weights_only=True)
    assert all(torch.equal(tensor, average[f"module.{key}"]) for key, tensor in kept.items())
