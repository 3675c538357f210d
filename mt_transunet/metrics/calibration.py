# SPDX-License-Identifier: Apache-2.0
"""Whether a probability can be read as a chance, and two ways to act on it: a temperature and a threshold.

Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, https://arxiv.org/abs/1706.04599.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from mt_transunet.metrics.classification import known_images

_SMALLEST = float(np.finfo(np.float32).tiny)  # a float32 softmax gives 0 below about this
_TEMPERATURES = (0.05, 20.0)


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, *, bins: int = 10) -> float:
    """Expected calibration error of the top label (Guo et al., equation 3).

    The largest probability of an image is its confidence. Images fall into equal-width bins (0, 1/bins], ... of
    confidence; the error is the mean over images of |accuracy - mean confidence| of their bin. It is biased upwards
    in small sets: compare it with ``perfect_calibration_error``.

    Args:
        probabilities: (n,3) in the order of ``CLASS_NAMES``.
        labels: (n,) integers 0, 1, 2 or -1; images with -1 (unknown) are left out.

    Returns:
        A value in [0,1], NaN without an image of known class.

    Raises:
        ValueError: what ``classification_scores`` refuses, or no bin.
    """
    probabilities, labels = known_images(probabilities, labels)
    return float(_error(probabilities.argmax(axis=1) == labels, probabilities.max(axis=1, initial=0), bins))


def perfect_calibration_error(
    probabilities: np.ndarray,
    *,
    groups: Sequence[str] | None = None,
    bins: int = 10,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Mean and ``level`` quantile of the error that chance alone gives a perfectly calibrated model.

    The confidences stay; in each resample an image is right with a chance equal to its confidence (consistency
    resampling, Broecker and Smith 2007). An observed error below the quantile is no evidence of miscalibration. Images
    of one group (a patient, a lesion) are right or wrong together, as far as their confidences allow.

    Args:
        probabilities: (n,3), all of them used.
        groups: of each image; None where each is on its own.
        bins: as in ``calibration_error``.
        level: share of the resamples below the second figure.
        resamples: how many; all are held in memory, a few floats per image each.
        seed: of a generator of its own, so equal calls give equal figures.

    Returns:
        Two values in [0,1], NaN without any image.

    Raises:
        ValueError: wrong shape, a probability that is not finite, no bin or resample, or a level outside (0, 1).
    """
    if resamples < 1 or not 0 < level < 1:
        raise ValueError(f"needs resamples and a level between 0 and 1, got {resamples} and {level}; try 2000 and 0.95")
    probabilities, _ = known_images(probabilities, np.zeros(len(probabilities), dtype=int))
    confidences = probabilities.max(axis=1, initial=0)
    of_group = np.arange(len(confidences)) if groups is None else np.unique(groups, return_inverse=True)[1]
    drawn = np.random.default_rng(seed).random((resamples, int(of_group.max(initial=-1)) + 1))
    right = drawn[:, of_group] < confidences
    errors = _error(right, confidences, bins)
    return float(errors.mean()), float(np.quantile(errors, level))


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative natural logarithm of the probability given to the true class: what ``fit_temperature`` minimises.

    Args:
        probabilities, labels: as in ``calibration_error``. A zero counts as the smallest normal float32.

    Returns:
        0 or more, ln 3 = 1.099 where all three classes are always called equally likely; NaN without an image of known
        class.

    Raises:
        ValueError: what ``classification_scores`` refuses.
    """
    probabilities, labels = known_images(probabilities, labels)
    if not len(labels):
        return math.nan
    return float(-_logarithm(probabilities)[np.arange(len(labels)), labels.astype(int)].mean())


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Temperature that makes the labels likeliest: T minimising the negative log-likelihood (Guo et al., section 4.2).

    Fit it on validation images, never on those it is then judged by.

    Args:
        probabilities, labels: as in ``calibration_error``.

    Returns:
        T between 0.05 and 20: above 1 the model was overconfident. A bound means that the best T lies beyond, as when
        every image is classified correctly.

    Raises:
        ValueError: what ``classification_scores`` refuses, or no image of known class.
    """
    probabilities, labels = known_images(probabilities, labels)
    if not len(labels):
        raise ValueError("a temperature needs images of known class, got none; pass a labelled validation set")
    logits, truth = _logarithm(probabilities), (np.arange(len(labels)), labels.astype(int))

    def surprise(log_t: float) -> float:  # convex in 1/T, so it has one minimum over log T
        return -log_softmax(logits / math.exp(log_t), axis=1)[truth].mean()

    return math.exp(minimize_scalar(surprise, bounds=np.log(_TEMPERATURES), method="bounded").x)


def with_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """softmax(log p / T): flatter for T > 1, sharper for T < 1; the order of the classes stays.

    Args:
        probabilities: (..., classes). A zero counts as the smallest normal float32, where softmax underflows.
        temperature: T > 0.

    Returns:
        Same shape, float64, rows that sum to 1.

    Raises:
        ValueError: a temperature that is not positive and finite.
    """
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature must be positive and finite, got {temperature}; 1 changes nothing")
    return softmax(_logarithm(np.asarray(probabilities, dtype=np.float64)) / temperature, axis=-1)


SUSPECTED_FROM = "melanoma_sensitivity_0.9"
"""What a record calls the operating points from which on a melanoma is suspected."""


def operating_point(scores: np.ndarray, positive: np.ndarray, *, sensitivity: float = 0.9) -> dict[str, float]:
    """Highest threshold that still finds the asked share of the positives.

    Args:
        scores: (n,) finite, higher is more suspicious; ``score >= threshold`` is called positive.
        positive: (n,) booleans.
        sensitivity: the least share of the positives to be found, in (0, 1].

    Returns:
        ``threshold``, and the ``sensitivity`` and ``specificity`` it has on these images.

    Raises:
        ValueError: shapes differ, a score is not finite, no positive or no negative, or a sensitivity outside (0, 1].
    """
    scores, positive = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    if scores.ndim != 1 or scores.shape != positive.shape or not np.isfinite(scores).all():
        raise ValueError(f"scores must be finite and (n,) like positive, got {scores.shape} and {positive.shape}")
    if not 0 < sensitivity <= 1:
        raise ValueError(f"sensitivity must lie in (0, 1], got {sensitivity}; 0.9 finds nine of ten")
    found = np.sort(scores[positive])[::-1]
    if not 0 < len(found) < len(scores):
        raise ValueError(f"needs positives and negatives, got {len(found)} positives among {len(scores)} images")
    shares = np.arange(1, len(found) + 1) / len(found)
    threshold = found[np.searchsorted(shares, sensitivity)]
    return {
        "threshold": float(threshold),
        "sensitivity": float((found >= threshold).mean()),
        "specificity": float((scores[~positive] < threshold).mean()),
    }


def _error(right: np.ndarray, confidences: np.ndarray, bins: int) -> np.ndarray:
    """Errors (...) of outcomes (...,n) at the same confidences (n,)."""
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}; 10 is usual")
    if not len(confidences):
        return np.full(right.shape[:-1], np.nan)
    edges = np.linspace(0, 1, bins + 1)[1:-1]  # open at the ends: float noise may lift a confidence above 1
    member = np.eye(bins)[np.digitize(confidences, edges, right=True)]  # (n, bins)
    # Share of the images times |accuracy - mean confidence| of a bin is |sum of the differences| / n.
    return np.abs((right - confidences) @ member).sum(axis=-1) / len(confidences)


def _logarithm(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probabilities, _SMALLEST))
