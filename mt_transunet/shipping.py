# SPDX-License-Identifier: Apache-2.0
"""From a finished run to weights that can be given away: half precision, calibrated, with their record."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from . import CLASS_NAMES
from .atomic import save_tensors, write_json
from .metrics import (
    calibration_error,
    fit_temperature,
    operating_point,
    perfect_calibration_error,
    with_temperature,
)
from .metrics.summary import labelled_probabilities
from .networks import weights_hash
from .networks.weight_files import read_weights
from .reports.rows import read_rows

__all__ = ["held_out_calibration", "provenance", "ship_weights", "training_record", "write_shipped"]

PER_IMAGE = "per_image.csv"

PROTOCOL = (
    *("variant", "weights_sha256", "split", "image_ids", "views", "sizes"),
    *("merge", "precision", "seed", "resamples"),
)

LARGEST = 25_000_000
"""Bytes; a file of the model zoo above this size must be downloaded separately."""

PARTS = 5
"""Parts of the held-out images; the temperature each part is judged with is fitted on the others."""


def ship_weights(model: Path, destination: Path, *, temperature: float = 1.0) -> Path:
    """Write a run's weights as a float16 state dict whose class logits are divided by ``temperature``.

    The division is folded into the class head, so that probabilities are calibrated wherever the file is loaded.

    Raises:
        ValueError: a weight does not survive float16 (the network diverged), or the temperature is not positive.
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    state = dict(read_weights(model))
    for name in ("class_head.weight", "class_head.bias"):
        state[name] = state[name] / temperature
    half = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    lost = [name for name, value in half.items() if value.is_floating_point() and not torch.isfinite(value).all()]
    if lost:
        raise ValueError(f"{model}: {lost[0]} does not fit into float16; the network may have diverged")
    return save_tensors(destination, half)


def held_out_calibration(evaluations: Sequence[Path]) -> dict[str, Any]:
    """Temperature, and the calibration it gives on images it was not fitted on.

    The probabilities of all held-out images are pooled. ``temperature`` is fitted on all of them; ``ECE`` (top label,
    ten bins) is cross-fitted: each of five parts is judged at the temperature fitted on the other four.

    Args:
        evaluations: folders of evaluations of held-out folds, each by the network that did not see the fold.
    """
    rows = [row for folder in evaluations for row in read_rows(folder / PER_IMAGE)]
    probabilities, labels = labelled_probabilities(rows)
    part = np.arange(len(labels)) % PARTS
    judged = np.empty_like(probabilities)
    for index in range(PARTS):
        temperature = fit_temperature(probabilities[part != index], labels[part != index])
        judged[part == index] = with_temperature(probabilities[part == index], temperature)
    mean, high = perfect_calibration_error(judged)
    return {
        "temperature": fit_temperature(probabilities, labels),
        "n": len(labels),
        "ECE_before": calibration_error(probabilities, labels),
        "ECE": calibration_error(judged, labels),
        "ECE_perfect_mean": mean,
        "ECE_perfect_95": high,
    }


def training_record(run: Path) -> dict[str, Any]:
    """What one stage of training was told and what it took: settings, commit, versions, time.

    ``training_minutes`` counts the iterations alone, without validations and without what a killed run repeated.
    """
    record = json.loads((run / "config.json").read_text(encoding="utf-8"))
    history = read_rows(run / "history.csv")
    return {
        "settings": {key: value for key, value in record["settings"].items() if not key.endswith("_dir")},
        "commits": record.get("commits"),
        "versions": record["versions"],
        "threads": record.get("threads"),
        "training_minutes": round(sum(float(row["seconds"]) for row in history) / 60, 1),
        "validations": sum(row.get("val", "") != "" for row in history),
    }


def provenance(
    weights: Path,
    *,
    variant: str,
    view_sizes: Sequence[int],
    runs: Mapping[str, Sequence[Path]],
    calibration: Mapping[str, Any] | None = None,
    held_out: Mapping[str, Path] | None = None,
    validation: Mapping[str, Path] | None = None,
) -> dict[str, Any]:
    """The record that stands beside shipped weights; what was not measured is None.

    Args:
        weights: the file to ship.
        variant: its network.
        view_sizes: sides of the test-time views that its figures belong to.
        runs: stages in order, of ``all`` (what is shipped) and of each held-out fold.
        calibration: of :func:`held_out_calibration`.
        held_out: name of a fold -> evaluation of the recipe's network that did not see it.
        validation: preset of views -> evaluation of the shipped file itself on the validation split.
    """
    records = {name: [training_record(run) for run in stages] for name, stages in runs.items()}
    return {
        "sha256": weights_hash(weights),
        "bytes": weights.stat().st_size,
        "variant": variant,
        "format": "float16 state dict" + (", class_head divided by the temperature" if calibration else ""),
        "image_size": records["all"][-1]["settings"]["image_size"],
        "view_sizes": list(view_sizes),
        "calibration": dict(calibration) if calibration else None,
        "operating_points": _operating_points(validation) if validation else None,
        "validation": {views: _metrics(folder) for views, folder in validation.items()} if validation else None,
        "held_out": {name: _metrics(folder) for name, folder in held_out.items()} if held_out else None,
        "stages": records,
    }


def write_shipped(candidate: Path, destination: Path, record: Mapping[str, Any]) -> Path:
    """Give a candidate its final name and its record; returns ``destination``.

    Raises:
        ValueError: the file is larger than the model zoo takes.
    """
    if candidate.stat().st_size > LARGEST:
        raise ValueError(f"{candidate} has {candidate.stat().st_size} bytes, the model zoo takes {LARGEST}")
    os.replace(candidate, destination)
    write_json(destination.with_suffix(".json"), record)
    return destination


def _operating_points(evaluations: Mapping[str, Path]) -> dict[str, Any]:
    """Per preset of views: where to cut the melanoma probability so that nine of ten melanomas lie above.

    Cut and figures come from the same images, so that on others fewer than nine of ten may be found.
    """
    points: dict[str, Any] = {}
    melanoma = CLASS_NAMES.index("melanoma")
    for views, folder in evaluations.items():
        probabilities, labels = labelled_probabilities(read_rows(folder / PER_IMAGE))
        positive = labels == melanoma
        if positive.any() and not positive.all():
            point = operating_point(probabilities[:, melanoma], positive, sensitivity=0.9)
            points[views] = {**point, "melanomas": int(positive.sum()), "others": int((~positive).sum())}
    return {"melanoma_sensitivity_0.9": points}


def _metrics(folder: Path) -> dict[str, Any]:
    content = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    protocol = {key: content["protocol"].get(key) for key in PROTOCOL}  # no path of the machine it ran on
    return {**content, "protocol": protocol}
