# SPDX-License-Identifier: Apache-2.0
"""Dual-task consistency: the mask and the level set of one image must tell the same lesion."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["dual_task_consistency", "DualTaskConsistencyLoss"]


def dual_task_consistency(mask_logits: Tensor, level_set: Tensor, *, sharpness: float = 1500.0) -> Tensor:
    """Mean squared difference of the lesion probability and the level set turned into a soft mask, Eq. 7-8.

    ``mean((p - S)^2)`` with ``S = sigmoid(-sharpness * level_set)``, 1 inside. The gradient flows into both tasks. With
    1500 the level set learns only where it is within about 0.004 of zero; elsewhere it is a hard pseudo-label.

    Differs from the paper: the sign (Eq. 7 as printed gives the background for a level set that is negative inside)
    and, with the paper but unlike the authors' code, p is a probability and not a logit.

    Shape:
        mask_logits (B, 2, H, W), background then lesion; level_set (B, 1, H, W) in [-1, 1], negative inside; scalar.

    Raises:
        ValueError: if the shapes do not fit together.
    """
    expected = (mask_logits.shape[0], 1, *mask_logits.shape[2:])
    if mask_logits.shape[1] != 2 or tuple(level_set.shape) != expected:
        raise ValueError(
            "dual-task consistency needs mask_logits (B, 2, H, W) and level_set (B, 1, H, W), "
            f"got {tuple(mask_logits.shape)} and {tuple(level_set.shape)}"
        )
    # a two-channel softmax is a sigmoid of the difference
    probability = torch.sigmoid(mask_logits[:, 1:] - mask_logits[:, :1])
    return (probability - torch.sigmoid(-sharpness * level_set)).square().mean()


class DualTaskConsistencyLoss(nn.Module):
    """Module form of :func:`dual_task_consistency`."""

    def __init__(self, *, sharpness: float = 1500.0) -> None:
        super().__init__()
        self.sharpness = sharpness

    def forward(self, mask_logits: Tensor, level_set: Tensor) -> Tensor:
        return dual_task_consistency(mask_logits, level_set, sharpness=self.sharpness)
