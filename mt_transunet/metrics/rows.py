# SPDX-License-Identifier: Apache-2.0
"""What the rows of an evaluation say: one for each image, with its scores, class and probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mt_transunet import CLASS_NAMES
from mt_transunet.metrics.segmentation import SEGMENTATION_FIGURES


def groups_of(rows: Sequence[Mapping[str, Any]]) -> list[str] | None:
    """The group of each row, of one without its own; None where no two share one."""
    groups = [f"group {row['group']}" if row.get("group") else f"row {place}" for place, row in enumerate(rows)]
    return groups if len(set(groups)) < len(groups) else None


def known_label(row: Mapping[str, Any]) -> int:
    """Index of the class in ``CLASS_NAMES``, -1 when the row does not name it."""
    label = row.get("label")
    return -1 if label is None else max(int(label), -1)


def masked_rows(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows of images with a mask."""
    return [row for row in rows if row.get("AC") is not None]  # AC is defined for every mask


def labelled_rows(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows of images whose class is known."""
    return [row for row in rows if known_label(row) >= 0]


def labelled_probabilities(rows: Iterable[Mapping[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n,3) and labels (n,) of the rows whose class is known.

    Raises:
        ValueError: such a row lacks a probability.
    """
    known = labelled_rows(rows)
    for row in known:
        missing = [name for name in CLASS_NAMES if row.get(name) is None]
        if missing:
            raise ValueError(
                f"a row with a label needs the probabilities of all classes, got none for {', '.join(missing)} "
                f"in {row.get('image_id')!r}; add them or drop the label"
            )
    probabilities = np.array([[float(row[name]) for name in CLASS_NAMES] for row in known]).reshape(-1, 3)
    return probabilities, np.array([int(row["label"]) for row in known], dtype=int)


def segmentation_table(rows: Iterable[Mapping[str, Any]]) -> np.ndarray:
    """(n,5) scores in the order JA, DI, AC, SE, SP of the rows with a mask, NaN for 0/0."""
    table = [
        [math.nan if row[name] is None else float(row[name]) for name in SEGMENTATION_FIGURES]
        for row in masked_rows(rows)
    ]
    return np.array(table).reshape(-1, len(SEGMENTATION_FIGURES))


def nan_mean(table: np.ndarray) -> np.ndarray:
    """Mean of each column of (n,k) over its defined entries, NaN for a column without any."""
    defined = ~np.isnan(table)
    counts = defined.sum(axis=0)
    sums = np.where(defined, table, 0.0).sum(axis=0)
    return np.divide(sums, counts, out=np.full(table.shape[1], math.nan), where=counts > 0)


def or_none(value: float) -> float | None:
    """The number as ``json.dump`` takes it: NaN becomes None."""
    return None if math.isnan(value) else float(value)
