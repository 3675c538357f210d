# SPDX-License-Identifier: Apache-2.0
"""Run folders as inference leaves them, and the figures and stages of a provenance record."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

# As mt_transunet.engines writes it, without names.
ANSWER = {
    "status": "ok",
    "nevus": 0.7,
    "melanoma": 0.2,
    "seborrheic_keratosis": 0.1,
    "predicted": "nevus",
    "melanoma_suspected": False,
    "flags": "",
    "predicted_dice": 0.912345,
    "agreement": 0.99,
    "consistency": 0.97,
    "expected": 0.95,
    "spread": 0.05,
    "class_spread": 0.02,
    "lesion_fraction": 0.123456,
    "area_px": 54321.0,
    "area_mm2": "",
    "diameter_px": 262.98731,
    "diameter_mm": "",
    "longest_px": 301.2,
    "longest_mm": "",
    "asymmetry_major": 0.1,
    "asymmetry_minor": 0.2,
    "asymmetry": 0.15,
    "border_irregularity": 1.2345,
    "solidity": 0.98,
    "colour_variegation": 12.3456,
    "colours": 3,
}


@pytest.fixture(scope="session")
def answer():
    """A row of ``predictions.csv`` with some values in place of the usual ones."""

    def row(image: str, **values):
        return {"image": image, **ANSWER, **values}

    return row


@pytest.fixture(scope="session")
def write_run():
    """Writes the rows into ``predictions.csv`` of a folder, and the overlays that they name."""

    def write(folder, rows):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "predictions.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, dict.fromkeys(key for row in rows for key in row), restval="")
            table.writeheader()
            table.writerows(rows)
        for number, name in enumerate(dict.fromkeys(row["overlay"] for row in rows if row.get("overlay"))):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            # A ramp, for few colours would make it no photograph.
            ramp = np.add.outer(np.arange(120), np.arange(400)) // 4 + number
            Image.fromarray(np.stack([ramp, ramp // 2, 255 - ramp], axis=-1).astype(np.uint8)).save(path)
        return folder

    return write


def figure(value):
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


@pytest.fixture
def measured():
    """What a record holds of an evaluation."""
    by_class = {"AUC": figure(0.9), "SE": figure(0.5), "SP": figure(0.95)}
    return {
        "segmentation": {"n": 150, "JA": figure(0.8), "DI": figure(0.875)},
        "classification": {"melanoma": by_class, "seborrheic_keratosis": {"AUC": None}, "mean_AUC": None},
        "by_diagnosis": {
            name: {"n": n, "JA": figure(0.7)} for n, name in enumerate(("nevus", "melanoma", "seborrheic_keratosis"))
        },
        "calibration": {"n": 150, "ECE": 0.04, "ECE_perfect_mean": 0.05, "ECE_perfect_95": 0.08},
        "protocol": {"views": "paper"},
    }


@pytest.fixture
def stage():
    """What a record holds of a training."""
    settings = {"seed": 0, "image_size": 160, "iterations": 800, "schedule": "constant"}
    return {"settings": settings, "training_minutes": 61.5, "threads": 1}
