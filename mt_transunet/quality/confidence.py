# SPDX-License-Identifier: Apache-2.0
"""How sure the network is of one image: what its views say of each other, and its mask of its level set."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from monai.transforms import Transform
from torch import Tensor

__all__ = ["Confidenced", "class_spread", "lesion_spread", "mask_confidence", "overlap"]


def overlap(a: Tensor, b: Tensor) -> float:
    """Dice of two planes with values in [0, 1], 2 sum(a b) / (sum(a) + sum(b)); NaN when both are empty."""
    total = float(a.sum() + b.sum())
    return 2 * float((a * b).sum()) / total if total else math.nan


def lesion_spread(lesion_moments: Tensor) -> Tensor:
    """Standard deviation over the views of the probability that a pixel is lesion: (3, H, W) -> (H, W), 0 to 0.5."""
    mean, square = lesion_moments[0], lesion_moments[1]
    return (square - mean.square()).clamp_min(0).sqrt()


def class_spread(class_moments: Tensor) -> Tensor:
    """Standard deviation over the views of the class probabilities: (2, 3) -> (3,), 0 to 0.5."""
    mean, square = class_moments
    return (square - mean.square()).clamp_min(0).sqrt()


def mask_confidence(mask: Tensor, lesion_moments: Tensor, level_set: Tensor) -> dict[str, float]:
    """Three estimates of how well a mask would agree with a person's, none of which needs that person.

    Args:
        mask: (H, W) of 0 and 1, the mask of all views together.
        lesion_moments: (3, H, W) as ``ViewsInferer(moments=True)`` gives them.
        level_set: (H, W), negative inside.

    Returns:
        Dice coefficients in [0, 1], NaN when both sides are empty. ``agreement``: of the mask with the share of the
        views that call each pixel lesion; 1 for a single view. ``consistency``: of the mask with the inside of the
        level set, the two answers whose difference the dual-task loss (section 3.3) makes small. ``expected``: of the
        mask with the lesion's mean probability, the Dice to expect if each pixel were lesion with that probability.
    """
    mask = mask.float()
    return {
        "agreement": overlap(mask, lesion_moments[2]),
        "consistency": overlap(mask, (level_set < 0).float()),
        "expected": overlap(mask, lesion_moments[0]),
    }


class Confidenced(Transform):
    """Adds ``pred_confidence`` to an item of a decollated evaluator output: all of the above as plain numbers.

    Goes after ``FlattenSubKeysd(keys="pred", prefix="pred")`` and before ``Invertd``, for it is measured on the grid
    the network saw. Items without moments (an inferer that does not give them) pass unchanged.

    Args:
        predictor: Dice to expect from the figures of :func:`mask_confidence`, such as a ``DicePredictor``.

    Returns:
        The item with ``pred_confidence``: the figures of :func:`mask_confidence`, of every pixel above one half on the
        network's grid (the mask that is written may be decided otherwise); ``spread``, the mean over the mask
        of :func:`lesion_spread` (NaN for an empty mask); ``class_spread``, that of the likeliest class; and
        ``predicted_dice`` where there is a predictor. The moments are taken out, for nothing after this needs them,
        but ``pred_spread`` (1, H, W) stays.
    """

    def __init__(self, predictor: Callable[[Mapping[str, float]], float] | None = None) -> None:
        self.predictor = predictor

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        if "pred_lesion_moments" not in item:
            return item
        moments, classes = item.pop("pred_lesion_moments"), item.pop("pred_class_moments")
        mask = item["pred_mask_logits"].argmax(dim=0)
        spread = lesion_spread(moments)
        inside = spread[mask > 0]
        found = mask_confidence(mask, moments, item["pred_level_set"][0])
        item["pred_spread"] = spread[None]
        item["pred_confidence"] = {
            **({"predicted_dice": self.predictor(found)} if self.predictor else {}),
            **found,
            "spread": float(inside.mean()) if len(inside) else math.nan,
            "class_spread": float(class_spread(classes)[item["pred_class_logits"].argmax()]),
        }
        return item
