# SPDX-License-Identifier: Apache-2.0
"""Attended-region consistency: the class token must look at the lesion."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["attended_region_consistency", "AttendedRegionConsistencyLoss"]


def attended_region_consistency(attention: Tensor, mask_logits: Tensor, *, detach_mask: bool = False) -> Tensor:
    """Share of the class token's attention that lies outside the predicted lesion, Eq. 9-10.

    ``sum((1 - p) * A)`` per image, mean over the batch, where p is the lesion probability resampled bilinearly to the
    attention's own grid. In [0, 1], as A sums to 1 per image.

    Differs from the authors' code (``ac_loss``): normalised per image and not over the batch, so that the loss of an
    image does not depend on its batch mates; on the real grid and not a fixed 14 x 14.

    Args:
        detach_mask: ``True`` corrects the attention alone. ``False``, as in the paper, also rewards a larger mask.

    Shape:
        attention (B, h, w), non-negative, sum 1 per image; mask_logits (B, 2, H, W), background then lesion; scalar.

    Raises:
        ValueError: if the shapes do not fit together.
    """
    if attention.ndim != 3 or mask_logits.ndim != 4 or mask_logits.shape[:2] != (attention.shape[0], 2):
        raise ValueError(
            "attended-region consistency needs attention (B, h, w) and mask_logits (B, 2, H, W), "
            f"got {tuple(attention.shape)} and {tuple(mask_logits.shape)}"
        )
    probability = torch.sigmoid(mask_logits[:, 1:] - mask_logits[:, :1])
    if detach_mask:
        probability = probability.detach()
    probability = F.interpolate(probability, size=attention.shape[1:], mode="bilinear", align_corners=False)
    return ((1 - probability[:, 0]) * attention).sum(dim=(1, 2)).mean()


class AttendedRegionConsistencyLoss(nn.Module):
    """Module form of :func:`attended_region_consistency`."""

    def __init__(self, *, detach_mask: bool = False) -> None:
        super().__init__()
        self.detach_mask = detach_mask

    def forward(self, attention: Tensor, mask_logits: Tensor) -> Tensor:
        return attended_region_consistency(attention, mask_logits, detach_mask=self.detach_mask)
