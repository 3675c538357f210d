# SPDX-License-Identifier: Apache-2.0
"""Two models compared on the images that both were evaluated on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mt_transunet import CLASS_NAMES
from mt_transunet.metrics.classification import SCORED_CLASSES, area_under_roc, is_constant
from mt_transunet.metrics.intervals import bootstrap_interval
from mt_transunet.metrics.rows import (
    groups_of,
    known_label,
    labelled_probabilities,
    nan_mean,
    or_none,
    segmentation_table,
)

_AREAS = ("JA", "DI")  # the first columns of segmentation_table
_CLASSES = (*(f"{name}_AUC" for name in SCORED_CLASSES), "mean_AUC")

Rows = Sequence[Mapping[str, Any]]


def paired_difference(
    rows_a: Iterable[Mapping[str, Any]], rows_b: Iterable[Mapping[str, Any]], *, resamples: int = 2000, seed: int = 0
) -> dict[str, Any]:
    """What model b gains over model a, with the 95% interval that comes from the choice of images.

    Both models see the same images in every bootstrap resample, so that hard images, hard for both, cancel: the
    interval is narrower than two separate ones suggest. Images of one ``group`` are drawn together. It says nothing
    about other training seeds.

    Args:
        rows_a, rows_b: rows as ``summarise`` takes them, paired by ``image_id``; of a repeated one the last counts.
        resamples, seed: of the bootstrap.

    Returns:
        n, only_a, only_b (images in both lists and in one alone), then JA and DI (means over the images where both
        models have the figure), melanoma_AUC, seborrheic_keratosis_AUC and mean_AUC (over those whose class is
        known). Each is ``{"a", "b", "difference", "low", "high"}``, the last three of b - a, or None when undefined;
        the class figures are None too when one model's class output is constant. Bounds are None where
        they would be equal.

    Raises:
        ValueError: no image in common, an image with two different classes, or what ``summarise`` refuses.
    """
    a, b = ({str(row["image_id"]): row for row in rows} for rows in (rows_a, rows_b))
    common = sorted(a.keys() & b.keys())
    counts = {"n": len(common), "only_a": len(a) - len(common), "only_b": len(b) - len(common)}
    if not common:
        raise ValueError(
            f"the two lists share no image_id: {_listed(a)} against {_listed(b)}; compare evaluations of one split"
        )
    # an evaluation of an older version names no groups
    pairs = [({**a[name], "group": a[name].get("group") or b[name].get("group")}, b[name]) for name in common]
    return counts | _area_differences(pairs, resamples, seed) | _class_differences(pairs, resamples, seed)


def _listed(rows: Mapping[str, Any]) -> str:
    return f"{len(rows)} images ({', '.join(sorted(rows)[:2])}, ...)" if rows else "none"


def _area_differences(pairs: list[tuple[Mapping, Mapping]], resamples: int, seed: int) -> dict[str, Any]:
    a, b = _sides([pair for pair in pairs if all(row.get("AC") is not None for row in pair)])
    tables = np.stack([segmentation_table(side)[:, : len(_AREAS)] for side in (a, b)])  # (2, n, figures)
    tables[:, np.isnan(tables).any(axis=0)] = math.nan  # defined in both or in neither
    return _differences(_AREAS, lambda i: [nan_mean(table[i]) for table in tables], a, resamples, seed)


def _class_differences(pairs: list[tuple[Mapping, Mapping]], resamples: int, seed: int) -> dict[str, Any]:
    a, b = _sides([pair for pair in pairs if all(known_label(row) >= 0 for row in pair)])
    (chances_a, labels), (chances_b, labels_b) = labelled_probabilities(a), labelled_probabilities(b)
    if (labels != labels_b).any():
        first = a[int(np.argmax(labels != labels_b))]["image_id"]
        raise ValueError(f"both lists must give an image the same class, {first!r} has two; evaluate on one datalist")
    if is_constant(chances_a) or is_constant(chances_b):
        return dict.fromkeys(_CLASSES)

    def areas(chances: np.ndarray, labels: np.ndarray) -> np.ndarray:
        indices = [CLASS_NAMES.index(name) for name in SCORED_CLASSES]
        each = [area_under_roc(chances[:, index], labels == index) for index in indices]
        return np.array([*each, np.mean(each)])

    def both(i: np.ndarray) -> list[np.ndarray]:
        return [areas(chances[i], labels[i]) for chances in (chances_a, chances_b)]

    return _differences(_CLASSES, both, a, resamples, seed)


def _sides(pairs: list[tuple[Mapping, Mapping]]) -> tuple[Rows, Rows]:
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _differences(
    names: Sequence[str],
    both: Callable[[np.ndarray], Sequence[np.ndarray]],
    rows: Rows,
    resamples: int,
    seed: int,
) -> dict[str, dict[str, float | None] | None]:
    """``both`` gives, for indices into the rows, the figures of a and of b."""
    if not rows:
        return dict.fromkeys(names)

    def gain(indices: np.ndarray) -> np.ndarray:
        a, b = both(indices)
        return b - a

    low, high = bootstrap_interval(gain, len(rows), groups=groups_of(rows), resamples=resamples, seed=seed)
    a, b = both(np.arange(len(rows)))
    columns = ("a", "b", "difference", "low", "high")
    figures = zip(a, b, b - a, low, high)
    return {
        name: None if math.isnan(row[2]) else dict(zip(columns, map(or_none, row))) for name, row in zip(names, figures)
    }
