# SPDX-License-Identifier: Apache-2.0
"""How good a training is on images it has not seen: k-fold cross-validation, every image with a mask judged once."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .bundle_command import run_bundle
from .data import evaluated_side, ids_hash, load_datalist, truth_hash
from .networks import weights_hash
from .pooled_evaluation import FOLDS, pool_evaluations
from .run_files import HISTORY, METRICS

__all__ = ["cross_validate"]

logger = logging.getLogger(__name__)

_KEPT = {"keep": "last", "val_interval": 10**9}
"""Overrides of every training: it is validated once, after its last iteration, for the curves' sake."""

_OURS = ("config_file", "dataset_dir", "output_dir", "fold", "num_folds")
_CHOOSES = {"keep": "last", "early_stop_patience": "None"}
"""Keys that would choose weights by the very images they are judged by -> what they are instead."""

_OF_EVALUATIONS = ("decision", "merge")
_OF_BOTH = ("variant", "num_workers", "device", *_OF_EVALUATIONS)
"""Overrides that go to the evaluation too."""


def cross_validate(
    dataset_dir: str,
    output_dir: Path,
    *,
    folds: int = 5,
    views: str = "fast",
    training: Mapping[str, Any] | None = None,
) -> Path:
    """Train once for each fold on the others, judge each image by the network that did not see it, and pool.

    The folds part the training split by the hash of an image's id, or of its group. Every training keeps its last
    weights: the best by a fold would be flattered on that fold. Killed at any moment, the same call goes on.

    Args:
        dataset_dir: as of training; of its splits only the one to train on is used, and of that the images with a mask
            are judged.
        output_dir: receives ``metrics.json`` and ``per_image.csv`` of all images, and each fold's runs below ``folds``.
        folds: how many parts, at least two.
        views: of the evaluation, ``none``, ``fast`` or ``paper``.
        training: overrides of train.json.

    Returns:
        ``output_dir``.

    Raises:
        ValueError: an override that is not the caller's to give, a fold without images, or a folder that holds another
            kind of run.
        RuntimeError: a command failed; it has said why, as where the folder holds runs that were told something else.
    """
    told = dict(training or {})
    _refuse_overrides(told)
    _refuse_folder(output_dir)
    judged = _judged(dataset_dir, folds)
    evaluations = []
    for fold in range(folds):
        side = {"dataset_dir": dataset_dir, "fold": fold, "num_folds": folds}
        run, evaluation = (output_dir / "folds" / str(fold) / name for name in ("training", "evaluation"))
        # given again for a finished run too: the training itself refuses other images or settings, and ends at once
        run_bundle("training", {**_KEPT, **told, **side, "output_dir": run})
        common = {**{key: told[key] for key in _OF_BOTH if key in told}, **side, "views": views, "weights": run}
        _evaluate(evaluation, common, judged[fold])
        evaluations.append(evaluation)
    return pool_evaluations(evaluations, output_dir, told={key: str(value) for key, value in told.items()})


def _evaluate(folder: Path, told: Mapping[str, Any], judged: Mapping[str, str]) -> None:
    """Evaluate, where an earlier call has not done just that, on the masks and diagnoses that are there now."""
    asked = {"weights_sha256": weights_hash(told["weights"]), **judged}
    asked |= {key: told[key] for key in ("views", *_OF_EVALUATIONS) if key in told}
    if (folder / METRICS).is_file():
        done = json.loads((folder / METRICS).read_text(encoding="utf-8"))["protocol"]
        if all(done.get(key) == value for key, value in asked.items()):
            return
        shutil.rmtree(folder)
    run_bundle("evaluating", {**told, "output_dir": folder})


def _judged(dataset_dir: str, folds: int) -> list[dict[str, str]]:
    """What the protocol of each fold's evaluation says of its images.

    An empty fold is refused before the first training, not after the last but one.
    """
    if folds < 2:
        raise ValueError(f"there are at least two folds, got {folds}")
    lists = load_datalist(dataset_dir, splits="training")
    sides = [evaluated_side(lists, "val", fold, folds) for fold in range(folds)]
    without = len(lists["unlabelled"])
    left_out = f"; {without} without a mask are learned from and not judged" if without else ""
    logger.info(f"{folds} trainings, judged by {', '.join(str(len(side)) for side in sides)} images{left_out}")
    return [{"image_ids": ids_hash(side), "masks_and_diagnoses": truth_hash(side)} for side in sides]


def _refuse_overrides(told: Mapping[str, Any]) -> None:
    if ours := [key for key in _OURS if key in told]:
        raise ValueError(f"--{ours[0]} is set for every fold; leave it out")
    if "max_minutes" in told:
        raise ValueError("--max_minutes would judge unfinished trainings; leave it out, a killed call goes on")
    for key, value in _CHOOSES.items():
        if key in told and str(told[key]) != value:
            raise ValueError(f"--{key} {told[key]} would choose weights by the fold they are judged by; leave it out")


def _refuse_folder(folder: Path) -> None:
    """A training's or another evaluation's own folder is not written into."""
    metrics = folder / METRICS
    pooled = not metrics.is_file() or FOLDS in json.loads(metrics.read_text(encoding="utf-8"))
    if (folder / HISTORY).is_file() or not pooled:
        raise ValueError(f"{folder} holds another run; name an --output_dir of its own")
