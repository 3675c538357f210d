# SPDX-License-Identifier: Apache-2.0
"""One number for how little a predicted mask can be relied on."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

from ..quality.confidence import overlap

__all__ = ["uncertainty"]

_FIGURES = ("agreement", "expected")


def uncertainty(item: Mapping[Hashable, Any]) -> float:
    """One less the Dice coefficient that the mask of an inference output can be expected to reach.

    It is what inference prints, turned round. Where the weights' record holds a predictor, the Dice is its
    ``predicted_dice``. Where nobody fitted one, as in the first rounds of an annotation, it is the mean of two of the
    figures that the predictor is a line through, ``agreement`` and ``expected`` of ``mask_confidence``, each of which
    is a Dice itself. The third, ``consistency``, is left out: after 64 masks the level set is still too poor to judge a
    mask by (rank correlation with the true Jaccard index of 350 training images that were not learnt from, two views:
    agreement 0.63, expected 0.66, consistency 0.41, mean of the first two 0.68, of all three 0.61). Without moments
    (an inferer that gives none) it is ``expected`` alone.

    Args:
        item: of a decollated evaluator output after ``Confidenced`` and ``Activationsd``, before or after ``Invertd``
            and ``DecideMaskd``: ``pred_confidence`` as ``Confidenced`` leaves it, or else ``pred_mask_logits``
            (2, H, W), which are probabilities by then, background first.

    Returns:
        A plain float in [0, 1], larger for a mask more likely to be wrong; 1 where nothing is called lesion.

    Raises:
        ValueError: the item has neither key.
    """
    if "pred_confidence" in item:
        return _doubt(item["pred_confidence"])
    if "pred_mask_logits" not in item:
        raise ValueError(
            "uncertainty needs pred_confidence or pred_mask_logits, got "
            f"{sorted(map(str, item))}; put it after FlattenSubKeysd(keys='pred', prefix='pred') and Confidenced"
        )
    lesion = item["pred_mask_logits"][1]
    return _doubt({"expected": overlap((lesion > 0.5).float(), lesion)})


def _doubt(confidence: Mapping[str, float]) -> float:
    if "predicted_dice" in confidence:
        figures = [confidence["predicted_dice"]]
    else:
        figures = [confidence[name] for name in _FIGURES if name in confidence]
    # an undefined figure means that there is no lesion on either side of a comparison: as doubtful as can be
    sure = sum(0.0 if math.isnan(figure) else float(figure) for figure in figures) / len(figures)
    return min(1.0, max(0.0, 1.0 - sure))
