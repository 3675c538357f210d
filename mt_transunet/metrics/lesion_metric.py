# SPDX-License-Identifier: Apache-2.0
"""Both tasks scored image by image inside an ignite engine."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from itertools import zip_longest
from typing import Any

import torch
from ignite.engine import Engine
from ignite.metrics import Metric

from mt_transunet import CLASS_NAMES
from mt_transunet.metrics.classification import SCORED_CLASSES, classification_scores, is_constant
from mt_transunet.metrics.rows import labelled_probabilities, nan_mean, segmentation_table
from mt_transunet.metrics.segmentation import SEGMENTATION_FIGURES, segmentation_scores

_log = logging.getLogger(__name__)

_AUCS = tuple(f"{name}_AUC" for name in SCORED_CLASSES)
_FIGURES = ("JA", "DI", *_AUCS, "mean_AUC")


class LesionMetric(Metric):
    """Keeps one row per image and gives the score by which checkpoints are chosen.

    The score is the mean of the per-image Jaccard index and the mean AUC of melanoma and seborrheic keratosis, or the
    one of them that is defined: one number, one checkpoint for both tasks. Where the images show one of the two classes
    alone, its AUC stands for the mean; NaN where nothing is defined. No bootstrap is drawn here, so that it can run at
    every validation; ``summarise(metric.rows)`` adds intervals.

    Differs from the paper: its code keeps one checkpoint per task, both chosen on the test set.

    At the end of an epoch ``engine.state.metrics`` holds, besides the score under the metric's name, the defined ones
    among ``<name>_JA``, ``_DI``, ``_melanoma_AUC``, ``_seborrheic_keratosis_AUC`` and ``_mean_AUC``, which MONAI's
    logging handlers print.

    In a distributed run every rank must reach the end of the epoch: rows are gathered from all of them, and images
    that a sampler repeated to even out the ranks count once, by ``image_id``.

    Args:
        output_transform: gives, from ``engine.state.output``, a list with one mapping per image: ``image_id``;
            ``prediction`` (1,H,W) of 0 and 1; ``mask`` (1,H,W), None when there is none; ``probabilities`` (3,);
            ``label``, -1 when unknown; ``group``, what the image is one of several of; ``confidence``, figures to
            keep beside the scores. ``mask``, ``label``, ``group`` and ``confidence`` may be absent.
    """

    def __init__(self, output_transform: Callable[[Any], Iterable[Mapping[str, Any]]] = lambda output: output) -> None:
        # ignite would take a list of two items for (y_pred, y); ours are images.
        super().__init__(output_transform=output_transform, skip_unrolling=True)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Rows of this rank while an epoch runs; of all ranks, without repeats, once it is computed.

        Keys: ``image_id``, JA, DI, AC, SE, SP (absent without a mask), ``group`` (absent without one), ``label`` (-1
        unknown), one probability per class name, and what ``confidence`` held.
        """
        return self._rows

    def reset(self) -> None:
        self._rows: list[dict[str, Any]] = []

    def update(self, output: Iterable[Mapping[str, Any]]) -> None:
        """Score the images of one batch."""
        self._rows.extend(_row(item) for item in output)

    def compute(self) -> float:
        """Selection score in [0,1], NaN when neither task has a defined figure."""
        self._rows = _gathered(self._rows)
        figures = _figures(self._rows)
        aucs = [figures[name] for name in _AUCS if name in figures]
        tasks = [figures["JA"]] if "JA" in figures else []
        if aucs:
            tasks.append(sum(aucs) / len(aucs))
        return sum(tasks) / len(tasks) if tasks else math.nan

    def completed(self, engine: Engine, name: str) -> None:
        """Put the score and the defined figures behind it into ``engine.state.metrics``, and none of earlier epochs."""
        super().completed(engine, name)
        for figure in _FIGURES:  # the engine keeps its state: one that is undefined now would stay what it was
            engine.state.metrics.pop(f"{name}_{figure}", None)
        engine.state.metrics.update({f"{name}_{figure}": value for figure, value in _figures(self._rows).items()})


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"image_id": str(item["image_id"])}
    if item.get("mask") is not None:
        row |= segmentation_scores(item["prediction"], item["mask"])
    if item.get("group") is not None:
        row["group"] = str(item["group"])
    row["label"] = int(item.get("label", -1))
    row |= zip(CLASS_NAMES, torch.as_tensor(item["probabilities"]).flatten().tolist(), strict=True)
    return row | dict(item.get("confidence", {}))


def _figures(rows: list[dict[str, Any]]) -> dict[str, float]:
    means = dict(zip(SEGMENTATION_FIGURES, nan_mean(segmentation_table(rows)).tolist()))
    figures = {name: means[name] for name in ("JA", "DI")}
    probabilities, labels = labelled_probabilities(rows)
    if not is_constant(probabilities):
        scores = classification_scores(probabilities, labels)
        figures |= {f"{name}_AUC": scores[name]["AUC"] for name in SCORED_CLASSES}
        figures["mean_AUC"] = scores["mean_AUC"]
    return {name: value for name, value in figures.items() if not math.isnan(value)}


def _gathered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    distributed = torch.distributed
    if not (distributed.is_available() and distributed.is_initialized()) or distributed.get_world_size() == 1:
        return rows
    ranks: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(ranks, rows)
    # A distributed sampler deals the images out one by one: taken up in turns they lie in the order of one process.
    # Later repeats replace equal earlier ones; the first position stays.
    unique = {row["image_id"]: row for turn in zip_longest(*ranks) for row in turn if row is not None}
    _log.debug("gathered %d rows from %d ranks", len(unique), len(ranks))
    return list(unique.values())
