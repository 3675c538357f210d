# SPDX-License-Identifier: Apache-2.0
"""The training targets of an item: which exist, and what stands in for those that do not."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import torch
from monai.transforms import Transform

__all__ = ["TargetDefaultsd"]


class TargetDefaultsd(Transform):
    """Give every item the same target keys, so that images with and without mask or diagnosis share a batch.

    A missing ``mask`` becomes zeros with ``has_mask`` 0.0, a missing ``label`` becomes -1 (ignored by the losses).

    Shape:
        ``mask`` (1, H, W) float32 of the image's size; ``has_mask`` scalar float32; ``label`` scalar int64.
    """

    def __init__(self, *, image_key: str = "image", mask_key: str = "mask", label_key: str = "label") -> None:
        self.image_key, self.mask_key, self.label_key = image_key, mask_key, label_key

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        result = dict(data)
        has_mask = self.mask_key in result
        if not has_mask:
            result[self.mask_key] = torch.zeros(1, *result[self.image_key].shape[-2:])
        result["has_mask"] = torch.tensor(float(has_mask))
        result[self.label_key] = torch.tensor(int(result.get(self.label_key, -1)))
        return result
