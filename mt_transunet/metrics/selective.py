# SPDX-License-Identifier: Apache-2.0
"""Whether the network knows which of its masks are bad."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import spearmanr

__all__ = ["rank_agreement", "selective_jaccard"]


def rank_agreement(predicted: Sequence[float], true: Sequence[float]) -> float:
    """Spearman's rank correlation, NaN where it is undefined: fewer than two images, or all alike on one side."""
    predicted, true = np.asarray(predicted, dtype=float), np.asarray(true, dtype=float)
    if len(predicted) < 2 or np.ptp(predicted) == 0 or np.ptp(true) == 0:
        return math.nan
    return float(spearmanr(predicted, true).statistic)


def selective_jaccard(certainty: Sequence[float], jaccard: Sequence[float]) -> tuple[float, float]:
    """Mean Jaccard index of all images, and of those left when the least certain fifth (rounded down) is put aside.

    Args:
        certainty: (n,), higher is surer; of equals the later ones are kept.
        jaccard: (n,) of the same images.
    """
    order = np.argsort(np.asarray(certainty), kind="stable")
    figures = np.asarray(jaccard, dtype=float)
    return float(figures.mean()), float(figures[order[len(order) // 5 :]].mean())
