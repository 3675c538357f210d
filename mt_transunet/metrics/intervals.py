# SPDX-License-Identifier: Apache-2.0
"""Intervals over images: the percentile bootstrap, and the exact one of a proportion."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import binomtest

_ROUNDING = 1e-12  # of the mean of equal figures, which are of the order of one here


def bootstrap_interval(
    statistic: Callable[[np.ndarray], np.ndarray],
    count: int,
    *,
    groups: Sequence[str] | None = None,
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of each of k figures when the images are drawn again with replacement.

    The image is the unit: pixels of one image, or two diagnoses of one image, never part. Images of one group (a
    patient, a lesion) are alike, so there the group is the unit, drawn again with all its images (the cluster
    bootstrap). A resample in which a figure is undefined (NaN: no case of that class, say) is skipped for that figure
    alone.

    Args:
        statistic: takes indices into the images, as many as there are or, with groups, about as many; gives (k,)
            figures.
        count: number of images.
        groups: of each image; None where each is on its own.
        resamples: how often the images are drawn again.
        seed: of a generator of its own, so equal calls give equal intervals.
        level: share of the resamples between the bounds.

    Returns:
        Lower and upper bounds, (k,) each; NaN for a figure that no resample defines, and for one whose bounds would
        be equal: the bootstrap then says nothing, least of all that the figure is certain.

    Raises:
        ValueError: no image, no resample, not one group for each image, or a level outside (0, 1).
    """
    if count < 1 or resamples < 1:
        raise ValueError(f"a bootstrap needs images and resamples, got {count} and {resamples}; give at least one each")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}; 0.95 gives the usual interval")
    generator = np.random.default_rng(seed)
    draw = _drawing(count, groups)
    figures = np.stack([statistic(draw(generator)) for _ in range(resamples)])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        low, high = np.nanquantile(figures, [(1 - level) / 2, (1 + level) / 2], axis=0)
    same = high - low < _ROUNDING
    return np.where(same, np.nan, low), np.where(same, np.nan, high)


def _drawing(count: int, groups: Sequence[str] | None) -> Callable[[np.random.Generator], np.ndarray]:
    """How images are drawn again: one by one, or group by group."""
    if groups is None:
        return lambda generator: generator.integers(count, size=count)
    if len(groups) != count:
        raise ValueError(f"{count} images need as many groups, got {len(groups)}")
    _, group_of, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(group_of, kind="stable"), np.cumsum(sizes)[:-1])
    return lambda generator: np.concatenate([members[i] for i in generator.integers(len(sizes), size=len(sizes))])


def proportion_interval(part: int, whole: int, *, level: float = 0.95) -> tuple[float, float]:
    """Exact (Clopper-Pearson) interval of ``part`` of ``whole`` images: of 108 of 108 it is 0.966 to 1.

    It covers the true proportion in at least ``level`` of all draws of images, and has a width at 0 and 1 too, where
    the bootstrap's has none.

    Raises:
        ValueError: not 0 <= part <= whole, no image, or a level outside (0, 1).
    """
    if not 0 <= part <= whole or whole < 1:
        raise ValueError(f"a proportion needs 0 <= part <= whole and an image, got {part} of {whole}; count them again")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}; 0.95 gives the usual interval")
    found = binomtest(part, whole).proportion_ci(confidence_level=level, method="exact")
    return float(found.low), float(found.high)
