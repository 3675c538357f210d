# SPDX-License-Identifier: Apache-2.0
"""The identity that every printed classification row must satisfy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def implied_accuracy(sensitivity: float, specificity: float, *, positives: int, total: int) -> float:
    """ACC = (SE n+ + SP n-)/n, in whatever unit SE and SP have (fractions or percent).

    A rate over no cases does not count, so it may be NaN.

    Raises:
        ValueError: ``positives`` does not lie between 0 and ``total``, or ``total`` is not positive.
    """
    negatives = total - positives
    if total < 1 or positives < 0 or negatives < 0:
        raise ValueError(f"0 <= positives <= total is needed, got {positives} of {total}; count the images again")
    right = (sensitivity * positives if positives else 0.0) + (specificity * negatives if negatives else 0.0)
    return right / total


def check_identity(
    accuracy: float,
    sensitivity: float,
    specificity: float,
    *,
    positives: int,
    total: int,
    tolerance: float = 1e-6,
) -> float:
    """Check one row and return the accuracy that its sensitivity and specificity imply.

    Args:
        accuracy, sensitivity, specificity: one row, in one unit.
        positives: images of the class.
        total: all images.
        tolerance: largest accepted difference, in the same unit. Figures printed with one decimal can be 0.1 apart
            (half a unit for ACC, half a unit for the weighted mean of SE and SP).

    Raises:
        ValueError: the row contradicts itself; the message has both accuracies.
    """
    implied = implied_accuracy(sensitivity, specificity, positives=positives, total=total)
    # "not <=" so that NaN fails too.
    if not abs(accuracy - implied) <= tolerance + 1e-9 * abs(implied):
        raise ValueError(
            f"accuracy must equal (SE n+ + SP n-)/n, got {accuracy:.4g} where {implied:.4g} is implied "
            f"by SE {sensitivity:.4g}, SP {specificity:.4g} and {positives} of {total}; "
            "take the three figures from one checkpoint and one set of images"
        )
    return implied


def check_classification(block: Mapping[str, Any], positives: Mapping[str, int]) -> None:
    """Check both classes of a ``classification`` block of ``metrics.json``.

    Args:
        block: as ``summarise`` gives it.
        positives: number of images of each class, under the names in the block.

    Raises:
        ValueError: a class contradicts itself. A class whose accuracy is null is passed over.
    """
    for name, count in positives.items():
        accuracy, sensitivity, specificity = (
            math.nan if block[name][figure] is None else block[name][figure]["value"] for figure in ("ACC", "SE", "SP")
        )
        if not math.isnan(accuracy):
            check_identity(accuracy, sensitivity, specificity, positives=count, total=block["n"])
