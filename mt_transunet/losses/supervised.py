# SPDX-License-Identifier: Apache-2.0
"""The three losses that need a human's answer: mask, level set, diagnosis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from monai.losses import DiceLoss
from torch import Tensor
from torch.nn import functional as F

__all__ = ["mask_cross_entropy", "mask_dice", "level_set_l2", "class_cross_entropy"]

_dice = DiceLoss(include_background=False, to_onehot_y=True, softmax=True)


def mask_cross_entropy(mask_logits: Tensor, mask: Tensor) -> Tensor:
    """Cross entropy over the two channels, mean per pixel, L_MASK of Eq. 11.

    Differs from the authors' code, whose softmax runs over the image's width.

    Shape:
        mask_logits (B, 2, H, W), background then lesion; mask (B, 1, H, W) of 0 and 1; scalar.
    """
    return F.cross_entropy(mask_logits, mask[:, 0].long())


def mask_dice(mask_logits: Tensor, mask: Tensor) -> Tensor:
    """MONAI's soft Dice loss of the lesion channel, mean over the images. Not in the paper.

    Shape:
        mask_logits (B, 2, H, W); mask (B, 1, H, W) of 0 and 1; scalar in [0, 1].
    """
    return _dice(mask_logits, mask)


def level_set_l2(level_set: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of the level set, L_LSF of Eq. 5.

    Shape:
        both (B, 1, H, W) in [-1, 1], negative inside; scalar in [0, 4].
    """
    return F.mse_loss(level_set, target)


def class_cross_entropy(
    class_logits: Tensor, label: Tensor, *, label_smoothing: float = 0.0, class_weights: Sequence[float] | None = None
) -> Tensor:
    """Cross entropy over nevus, melanoma and keratosis, mean over the images whose diagnosis is known, L_CLS.

    Shape:
        class_logits (B, 3); label (B,) of 0, 1, 2, or -1 where unknown; scalar, 0 where no diagnosis is known, or none
        that has a weight.

    Raises:
        ValueError: there is not one weight for each class.
    """
    if class_weights is not None and np.shape(class_weights) != class_logits.shape[1:]:
        raise ValueError(
            f"class_weights must be {class_logits.shape[1]} numbers, one for each class: {class_weights!r}"
        )
    weight = None if class_weights is None else torch.tensor(class_weights).to(class_logits)
    counted = label >= 0 if weight is None else (label >= 0) & (weight[label.clamp(min=0)] > 0)
    if not bool(counted.any()):
        return class_logits.sum() * 0.0  # keeps the graph: every parameter gets a gradient
    return F.cross_entropy(class_logits, label, weight=weight, ignore_index=-1, label_smoothing=label_smoothing)
