# SPDX-License-Identifier: Apache-2.0
"""How good a training is on images it has not seen, by every image of a dataset once: k-fold cross-validation."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .atomic import write_csv, write_json
from .bundle_command import run_bundle
from .data import evaluated_side, load_datalist
from .metrics import summarise
from .metrics.summary_text import summary_text
from .reports.comparison import read_evaluated
from .reports.evaluation_section import METRICS, PER_IMAGE
from .training_runs import Overrides, TrainingRuns

__all__ = ["cross_validate", "pool_evaluations"]

logger = logging.getLogger(__name__)

_OURS = ("dataset_dir", "output_dir", "fold", "num_folds")
_CHOOSES = {"keep": "last", "early_stop_patience": "None"}
"""Keys that would choose weights by the very images they are judged by -> what they are instead."""

_OF_BOTH = ("variant", "num_workers", "device")
"""Overrides of the training that its evaluation needs too."""

_SHOWN = ("JA", "DI")


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
        dataset_dir: as of training; of its splits only the one to train on is used.
        output_dir: receives ``metrics.json`` and ``per_image.csv`` of all images, and each fold's runs below ``folds``.
        folds: how many parts, at least two.
        views: of the evaluation, ``none``, ``fast`` or ``paper``.
        training: overrides of train.json.

    Returns:
        ``output_dir``.

    Raises:
        ValueError: an override that is not the caller's to give, a fold without images, or runs in the folder that were
            told something else.
        RuntimeError: a command failed; it has said why.
    """
    told = dict(training or {})
    _refuse(told)
    lists = load_datalist(dataset_dir, splits="training")
    sizes = [len(evaluated_side(lists, "val", fold, folds)) for fold in range(folds)]  # an empty one is refused now
    logger.info(f"{folds} trainings, judged by {', '.join(map(str, sizes))} images")
    evaluations = []
    for fold in range(folds):
        side = {"dataset_dir": dataset_dir, "fold": fold, "num_folds": folds}
        run, evaluation = (output_dir / "folds" / str(fold) / name for name in ("training", "evaluation"))
        # validated once, after the last iteration, for the curves' sake
        TrainingRuns().train(run, {"keep": "last", "val_interval": 10**9, **told, **side})
        shutil.rmtree(evaluation, ignore_errors=True)  # of an earlier call, perhaps of other views
        common = {key: told[key] for key in _OF_BOTH if key in told}
        run_bundle("evaluating", {**common, **side, "views": views, "weights": run, "output_dir": evaluation})
        evaluations.append(evaluation)
    return pool_evaluations(evaluations, output_dir)


def pool_evaluations(evaluations: Sequence[Path], output_dir: Path) -> Path:
    """Write the evaluation of all folds together: ``metrics.json`` and ``per_image.csv``, as of a single one.

    ``folds`` in ``metrics.json`` has each fold's own figures.

    Raises:
        ValueError: a folder holds no evaluation, or an image is in two of them.
    """
    found = [read_evaluated(folder) for folder in evaluations]
    rows = [row for one in found for row in one.rows]
    names = [row["image_id"] for row in rows]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{', '.join(twice[:3])} was evaluated in two folds; each image belongs to one")
    first = found[0].protocol
    shared = {key: first.get(key) for key in ("variant", "views", "sizes", "merge", "decision", "precision")}
    bootstrap = {key: first[key] for key in ("resamples", "seed")}
    seen = [one.protocol.get("learned_from") for one in found]
    protocol = {
        **shared,
        "split": f"{len(found)} folds, each by a network that did not see it",
        "weights_sha256": [one.protocol["weights_sha256"] for one in found],
        "learned_from": None if None in seen else sum(seen),
        **bootstrap,
    }
    summary = summarise(rows, **bootstrap)
    metrics = {**summary, "folds": [_fold(folder) for folder in evaluations], "protocol": protocol}
    write_csv(output_dir / PER_IMAGE, rows)
    write_json(output_dir / METRICS, metrics)
    logger.info(f"{summary_text(summary, protocol)}\nwritten to {output_dir}")
    return output_dir


def _fold(evaluation: Path) -> dict[str, Any]:
    metrics = json.loads((evaluation / METRICS).read_text(encoding="utf-8"))
    return {
        "fold": metrics["protocol"]["split"],
        "images": len(read_evaluated(evaluation).rows),
        **{name: metrics["segmentation"].get(name) for name in _SHOWN},
        "mean_AUC": metrics["classification"].get("mean_AUC"),
    }


def _refuse(told: Overrides) -> None:
    if ours := [key for key in _OURS if key in told]:
        raise ValueError(f"--{ours[0]} is set for every fold; leave it out")
    for key, value in _CHOOSES.items():
        if key in told and str(told[key]) != value:
            raise ValueError(f"--{key} {told[key]} would choose weights by the fold they are judged by; leave it out")
