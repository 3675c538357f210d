# SPDX-License-Identifier: Apache-2.0
"""Evaluations of parts of a dataset, each of other weights, as one evaluation of the whole."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .atomic import write_csv, write_json
from .data import ids_hash
from .metrics import summarise
from .metrics.summary_text import summary_text
from .reports.comparison import Evaluated, read_evaluated
from .run_files import METRICS, PER_IMAGE

__all__ = ["FOLDS", "pool_evaluations"]

logger = logging.getLogger(__name__)

FOLDS = "folds"
"""Key of ``metrics.json`` with the figures of each part."""

_OF_EACH = ("weights", "weights_sha256", "split", "image_ids", "masks_and_diagnoses", "learned_from")
"""What the parts' protocols need not have in common."""


def pool_evaluations(evaluations: Sequence[Path], output_dir: Path, *, told: Mapping[str, Any] | None = None) -> Path:
    """Write ``metrics.json`` and ``per_image.csv`` of all folds together, as of a single evaluation.

    Args:
        evaluations: folders of the folds' evaluations.
        output_dir: to write to.
        told: overrides of the trainings, for the protocol.

    Returns:
        ``output_dir``.

    Raises:
        ValueError: no evaluation, evaluations made differently, or an image in two of them.
    """
    found = [read_evaluated(folder) for folder in evaluations]
    rows = [row for one in found for row in one.rows]
    _refuse(found, rows)
    shared = {key: value for key, value in found[0].protocol.items() if key not in _OF_EACH}
    seen = [one.protocol.get("learned_from") for one in found]
    protocol = {
        **shared,
        "split": f"{len(found)} folds of the training images",
        "image_ids": ids_hash(rows),
        "weights_sha256": [one.protocol.get("weights_sha256") for one in found],
        "learned_from": None if None in seen else sum(seen),
        "training": dict(told or {}),
    }
    summary = summarise(rows, resamples=shared.get("resamples", 2000), seed=shared.get("seed", 0))
    write_csv(output_dir / PER_IMAGE, rows)
    write_json(output_dir / METRICS, {**summary, FOLDS: [_figures(one) for one in found], "protocol": protocol})
    logger.info(f"{summary_text(summary, protocol)}\nwritten to {output_dir}")
    return output_dir


def _refuse(found: Sequence[Evaluated], rows: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        raise ValueError("there is no evaluation to pool")
    for one in found[1:]:
        differing = [
            key
            for key in sorted(found[0].protocol.keys() | one.protocol.keys())
            if key not in _OF_EACH and found[0].protocol.get(key) != one.protocol.get(key)
        ]
        if differing:
            raise ValueError(f"{found[0].folder} and {one.folder} differ in {', '.join(differing)}; evaluate alike")
    counts = Counter(row["image_id"] for row in rows)
    if twice := sorted(name for name, count in counts.items() if count > 1):
        raise ValueError(f"{', '.join(twice[:3])} was evaluated in two folds; each image belongs to one")


def _figures(one: Evaluated) -> dict[str, Any]:
    """A fold's own figures, for the page: how much they depend on what was trained on and judged by."""
    metrics = json.loads((one.folder / METRICS).read_text(encoding="utf-8"))
    return {
        "fold": one.protocol.get("split"),
        "images": len(one.rows),
        **{name: metrics["segmentation"].get(name) for name in ("JA", "DI")},
        "mean_AUC": metrics["classification"].get("mean_AUC"),
    }
