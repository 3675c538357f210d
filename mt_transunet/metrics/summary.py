# SPDX-License-Identifier: Apache-2.0
"""From per-image rows to the blocks of ``metrics.json``."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from mt_transunet import CLASS_NAMES
from mt_transunet.metrics.calibration import calibration_error, log_loss, perfect_calibration_error
from mt_transunet.metrics.classification import (
    CLASSIFICATION_FIGURES,
    SCORED_CLASSES,
    Proportion,
    classification_proportions,
    classification_scores,
    is_constant,
)
from mt_transunet.metrics.intervals import bootstrap_interval, proportion_interval
from mt_transunet.metrics.rows import (
    groups_of,
    known_label,
    labelled_probabilities,
    labelled_rows,
    masked_rows,
    nan_mean,
    or_none,
    segmentation_table,
)
from mt_transunet.metrics.segmentation import SEGMENTATION_FIGURES
from mt_transunet.metrics.selective import rank_agreement, selective_jaccard

_log = logging.getLogger(__name__)

_MEANS = ("mean_AUC", "mean_ACC")

Figure = dict[str, float | None] | None
"""``{"value", "low", "high"}``, or None when the figure is undefined; low and high are None without an interval."""


def summarise(rows: Iterable[Mapping[str, Any]], *, resamples: int = 2000, seed: int = 0) -> dict[str, Any]:
    """Means over images and one-vs-rest scores, each with its 95% interval over images.

    ACC, SE and SP of a class are proportions of a known number of images and have exact (Clopper-Pearson) intervals;
    means over images, AUC, AP, mean_AUC and mean_ACC have percentile bootstrap intervals. Where images are of one
    ``group`` they are not independent: then intervals are bootstrapped over groups, those of proportions too, unless
    all images are right or all wrong, and what chance gives a calibrated model is drawn by groups.

    Args:
        rows: one mapping per image: ``image_id``; ``group`` when it is of one (a patient, a lesion); JA, DI, AC, SE, SP
            when it has a mask (NaN or None for a 0/0); ``label`` (absent, None or -1 when unknown); the probabilities
            under the three class names.
        resamples: bootstrap resamples.
        seed: of the bootstrap. Rows are ordered by ``image_id`` first, so their order changes nothing.

    Returns:
        ``segmentation``: n (images with a mask), JA, DI, AC, SE, SP. ``classification``: n (images with a known
        class), ``melanoma`` and ``seborrheic_keratosis`` with ACC, SE, SP, AUC, AP each, mean_AUC, mean_ACC. Every
        figure is ``{"value", "low", "high"}`` or None when undefined; a mean that contains None is None. low and high
        are None where the bootstrap gives no interval: no resample defines the figure, or all between the bounds give
        the same, as where every image is right, which does not make the figure certain. All class
        figures are None when the class output is one constant (``num_layers=0``). ``by_diagnosis``: under each class
        name n, JA, DI over the images of that class with a mask. ``calibration``: n, ECE (expected calibration
        error), ECE_perfect_mean and ECE_perfect_95 that chance alone would give, log_loss; numbers without an interval,
        or None like the class figures. ``confidence``, over the images with a mask and a ``predicted_dice``: n, the
        rank correlation of predicted and true Dice (``spearman``), ``JA``, and ``JA_kept`` without the fifth of them
        whose predicted Dice is lowest; numbers, or None. ``groups``: how many there are, images without one counted
        as their own; absent where no two images share one. Ready for ``json.dump``.

    Raises:
        ValueError: a row with a known class lacks a probability.
    """
    ordered = sorted(rows, key=lambda row: str(row.get("image_id", "")))
    return {
        "segmentation": _segmentation_block(ordered, resamples, seed),
        "classification": _classification_block(ordered, resamples, seed),
        "by_diagnosis": _by_diagnosis(ordered, resamples, seed),
        "calibration": _calibration_block(ordered, resamples, seed),
        "confidence": _confidence_block(ordered),
        **({"groups": len(set(groups))} if (groups := groups_of(ordered)) else {}),
    }


def calibration_sentence(block: Mapping[str, Any]) -> str:
    """The ``calibration`` block in words, for logs and pages."""
    if block.get("ECE") is None:
        return "expected calibration error undefined"
    return (
        f"expected calibration error {block['ECE']:.3f}; a perfectly calibrated model shows "
        f"{block['ECE_perfect_mean']:.3f} on average, up to {block['ECE_perfect_95']:.3f} in 95% of draws"
    )


def _segmentation_block(rows: list[Mapping[str, Any]], resamples: int, seed: int) -> dict[str, Any]:
    table = segmentation_table(rows)
    figures: list[Figure] = [None] * len(SEGMENTATION_FIGURES)
    if len(table):
        groups = groups_of(masked_rows(rows))
        low, high = bootstrap_interval(
            lambda i: nan_mean(table[i]), len(table), groups=groups, resamples=resamples, seed=seed
        )
        figures = _figures(nan_mean(table), low, high)
    return {"n": len(table), **dict(zip(SEGMENTATION_FIGURES, figures))}


def _classification_block(rows: list[Mapping[str, Any]], resamples: int, seed: int) -> dict[str, Any]:
    probabilities, labels = labelled_probabilities(rows)
    figures: list[Figure] = [None] * (len(SCORED_CLASSES) * len(CLASSIFICATION_FIGURES) + len(_MEANS))
    exact: dict[str, dict[str, Proportion]] = {}
    groups = None
    if is_constant(probabilities):
        _log.warning("the class output is the same for all %d images: class figures are left null", len(labels))
    elif len(labels):

        def scores(indices: np.ndarray) -> np.ndarray:
            return _flatten(classification_scores(probabilities[indices], labels[indices]))

        groups = groups_of(labelled_rows(rows))
        low, high = bootstrap_interval(scores, len(labels), groups=groups, resamples=resamples, seed=seed)
        figures = _figures(scores(np.arange(len(labels))), low, high)
        exact = classification_proportions(probabilities, labels)
    remaining = iter(figures)
    block: dict[str, Any] = {"n": len(labels)}
    block |= {name: {figure: next(remaining) for figure in CLASSIFICATION_FIGURES} for name in SCORED_CLASSES}
    for name, proportions in exact.items():
        asked = _asked(name, labels)
        for figure, found in proportions.items():
            units = None if groups is None else len({groups[place] for place in np.flatnonzero(asked[figure])})
            block[name][figure] = _proportion(*found, units, block[name][figure])
    return block | {name: next(remaining) for name in _MEANS}


def _by_diagnosis(rows: list[Mapping[str, Any]], resamples: int, seed: int) -> dict[str, dict[str, Any]]:
    blocks = {}
    for number, name in enumerate(CLASS_NAMES):
        block = _segmentation_block([row for row in rows if known_label(row) == number], resamples, seed)
        blocks[name] = {key: block[key] for key in ("n", "JA", "DI")}
    return blocks


def _calibration_block(rows: list[Mapping[str, Any]], resamples: int, seed: int) -> dict[str, Any]:
    probabilities, labels = labelled_probabilities(rows)
    figures: tuple[float | None, ...] = (None,) * 4
    if len(labels) and not is_constant(probabilities):
        groups = groups_of(labelled_rows(rows))
        perfect = perfect_calibration_error(probabilities, groups=groups, resamples=resamples, seed=seed)
        figures = (calibration_error(probabilities, labels), *perfect, log_loss(probabilities, labels))
    return {"n": len(labels), **dict(zip(("ECE", "ECE_perfect_mean", "ECE_perfect_95", "log_loss"), figures))}


def _confidence_block(rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    known = [
        [math.nan if row[key] is None else float(row[key]) for key in ("predicted_dice", "DI", "JA")]
        for row in rows
        if row.get("predicted_dice") is not None and row.get("AC") is not None
    ]
    table = np.array(known).reshape(-1, 3)
    table = table[~np.isnan(table).any(axis=1)]
    figures = (math.nan,) * 3
    if len(table):
        predicted, dice, jaccard = table.T
        figures = (rank_agreement(predicted, dice), *selective_jaccard(predicted, jaccard))
    return {"n": len(table), **dict(zip(("spearman", "JA", "JA_kept"), map(or_none, figures)))}


def _flatten(scores: Mapping[str, Any]) -> np.ndarray:
    nested = [scores[name][figure] for name in SCORED_CLASSES for figure in CLASSIFICATION_FIGURES]
    return np.array(nested + [scores[name] for name in _MEANS])


def _figures(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> list[Figure]:
    return [
        None if math.isnan(value) else {"value": float(value), "low": or_none(lower), "high": or_none(upper)}
        for value, lower, upper in zip(values, low, high)
    ]


def _asked(name: str, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Figure -> which images it is a proportion of."""
    cases = labels == CLASS_NAMES.index(name)
    return {"ACC": np.ones_like(cases), "SE": cases, "SP": ~cases}


def _proportion(part: int, whole: int, units: int | None, bootstrapped: Figure) -> Figure:
    """With its exact interval where the images are independent: not where they are of fewer ``units``, groups.

    There the bootstrap's holds, but where all images are right or all wrong, of which it says nothing: then the exact
    one of so many groups.
    """
    if not whole:
        return None
    if units in (None, whole):
        low, high = proportion_interval(part, whole)
    elif part in (0, whole):
        low, high = proportion_interval(part and units, units)
    else:
        return bootstrapped
    return {"value": part / whole, "low": low, "high": high}
