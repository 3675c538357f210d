# SPDX-License-Identifier: Apache-2.0
"""One-vs-rest scores of the two malignancy-relevant classes, as ISIC-2017 part 3 reports them."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from mt_transunet import CLASS_NAMES

SCORED_CLASSES = ("melanoma", "seborrheic_keratosis")
"""Classes scored against the rest; nevus is the rest, as in the challenge."""

CLASSIFICATION_FIGURES = ("ACC", "SE", "SP", "AUC", "AP")

Proportion = tuple[int, int]
"""How many images, and of how many."""

_CONSTANT = 1e-6  # batch size alone moves a float32 softmax by about 1e-7


def classification_scores(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, dict[str, float] | float]:
    """One-vs-rest scores over a set of images.

    ACC, SE and SP come from the argmax over the three classes, not from a 0.5 threshold; AUC and AP from the class
    probability. Images with label -1 (unknown) are left out.

    Args:
        probabilities: (n,3) in the order of ``CLASS_NAMES``.
        labels: (n,) integers 0, 1, 2 or -1.

    Returns:
        ``melanoma`` and ``seborrheic_keratosis``, each with ACC, SE, SP, AUC, AP in [0,1], and ``mean_AUC`` and
        ``mean_ACC`` over the two. NaN where undefined: SE without a case of the class, SP without any other case,
        AUC and AP without both, ACC without any image; a mean that contains NaN is NaN.

    Raises:
        ValueError: wrong shapes, a label outside {-1, 0, 1, 2}, or a probability that is not finite.
    """
    probabilities, labels = known_images(probabilities, labels)
    predicted = probabilities.argmax(axis=1)
    scores: dict[str, dict[str, float] | float] = {}
    for name in SCORED_CLASSES:
        index = CLASS_NAMES.index(name)
        column, positive = probabilities[:, index], labels == index
        rates = {figure: _ratio(*found) for figure, found in _proportions(predicted == index, positive).items()}
        scores[name] = {**rates, "AUC": area_under_roc(column, positive), "AP": average_precision(column, positive)}
    for figure in ("AUC", "ACC"):
        scores[f"mean_{figure}"] = float(np.mean([scores[name][figure] for name in SCORED_CLASSES]))
    return scores


def classification_proportions(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, dict[str, Proportion]]:
    """The images behind ACC, SE and SP of ``classification_scores``, which takes and refuses the same.

    Returns:
        ``melanoma`` and ``seborrheic_keratosis``, each with ACC (right, of all), SE (found, of the cases) and SP
        (spared, of the others); of 0 where there are none.
    """
    probabilities, labels = known_images(probabilities, labels)
    predicted = probabilities.argmax(axis=1)
    indices = {name: CLASS_NAMES.index(name) for name in SCORED_CLASSES}
    return {name: _proportions(predicted == index, labels == index) for name, index in indices.items()}


def known_images(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Checked probabilities (k,3) as float64 and labels (k,) of the images whose label is not -1.

    Raises:
        ValueError: wrong shapes, a label outside {-1, 0, 1, 2}, or a probability of these images that is not finite.
    """
    # float32 as the network gives them: widening keeps ties and order.
    probabilities = np.asarray(probabilities, dtype=np.float64)
    labels = np.asarray(labels)
    if probabilities.ndim != 2 or probabilities.shape[1] != len(CLASS_NAMES) or labels.shape != probabilities.shape[:1]:
        raise ValueError(
            f"probabilities must be (n,{len(CLASS_NAMES)}) and labels (n,), got {probabilities.shape} "
            f"and {labels.shape}; stack one row per image"
        )
    if not np.isin(labels, (-1, *range(len(CLASS_NAMES)))).all():
        raise ValueError(f"labels must be -1, 0, 1 or 2, got {sorted(set(labels.tolist()))}; map other codes first")
    known = labels >= 0
    if not np.isfinite(probabilities[known]).all():
        raise ValueError("probabilities must be finite, got NaN or infinity; the network may have diverged")
    return probabilities[known], labels[known]


def is_constant(probabilities: np.ndarray) -> bool:
    """Whether (n,3) probabilities are the same for every one of at least two images.

    A network without transformer layers classifies a constant token (Table 2, n = 0): its class figures mean nothing.
    """
    return len(probabilities) > 1 and float(np.ptp(probabilities, axis=0).max()) <= _CONSTANT


def area_under_roc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Chance that a positive outranks a negative, ties counted half (Mann-Whitney); NaN without both.

    The value of MONAI's ``compute_roc_auc``, to which a test holds it, in an eighth of its time: an interval takes
    2,000 of them.
    """
    positives = np.count_nonzero(positive)
    negatives = len(positive) - positives
    if not positives or not negatives:
        return float("nan")
    rank_sum = rankdata(scores)[positive].sum()
    return float((rank_sum - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(scores: np.ndarray, positive: np.ndarray) -> float:
    """Sum of precision times recall step over distinct thresholds, without interpolation; NaN without both classes."""
    positives = np.count_nonzero(positive)
    if not positives or positives == len(positive):
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    hits = np.cumsum(positive[order])[last_of_tie]
    precision = hits / (np.flatnonzero(last_of_tie) + 1)
    return float(np.sum(np.diff(hits, prepend=0) * precision) / positives)


def _proportions(predicted: np.ndarray, positive: np.ndarray) -> dict[str, Proportion]:
    positives = int(np.count_nonzero(positive))
    right = predicted == positive
    return {
        "ACC": (int(np.count_nonzero(right)), len(right)),
        "SE": (int(np.count_nonzero(right & positive)), positives),
        "SP": (int(np.count_nonzero(right & ~positive)), len(right) - positives),
    }


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
