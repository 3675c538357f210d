# SPDX-License-Identifier: Apache-2.0
"""Random colour: what another camera, lamp or skin would have done to the photograph."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform, Randomizable

__all__ = ["RandColourJitterd"]

LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G and B in brightness, ITU-R BT.601."""


class RandColourJitterd(MapTransform, Randomizable):
    """Random brightness, contrast, saturation and illuminant of an RGB image in [0, 1].

    Factors are drawn uniformly from [1 - x, 1 + x]: one for brightness, one about the image's mean brightness for
    contrast, one about each pixel's own grey for saturation, and one per channel for the colour of the light (von
    Kries gains). The result is clipped to [0, 1].

    Args:
        prob: probability that anything changes.
        brightness, contrast, saturation, illuminant: x of each factor's range.
        strength: multiplies all four; 0 changes nothing.

    Shape:
        (3, H, W) float in [0, 1] -> the same.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        prob: float = 0.8,
        brightness: float = 0.2,
        contrast: float = 0.2,
        saturation: float = 0.2,
        illuminant: float = 0.06,
        strength: float = 1.0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.prob = prob
        self.ranges = (strength * brightness, strength * contrast, strength * saturation)
        self.illuminant = strength * illuminant

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        result = dict(data)
        # always the same number of draws, so that the sequence does not depend on the outcome of the first
        apply = self.R.uniform() < self.prob
        brightness, contrast, saturation = (1 + self.R.uniform(-x, x) for x in self.ranges)
        gains = 1 + self.R.uniform(-self.illuminant, self.illuminant, size=3)
        if not apply:
            return result
        for key in self.key_iterator(result):
            image = result[key].as_tensor() if isinstance(result[key], MetaTensor) else result[key]
            if image.shape[0] != 3 or not image.is_floating_point():
                raise ValueError(
                    f"colour jitter needs an RGB image (3, H, W) in [0, 1], got {tuple(image.shape)} {image.dtype}; "
                    "scale the intensities first"
                )
            image = image * (brightness * torch.as_tensor(gains, dtype=image.dtype, device=image.device))[:, None, None]
            grey = torch.tensordot(image.new_tensor(LUMA), image, dims=1)[None]
            image = torch.lerp(grey.expand_as(image), image, saturation)
            result[key] = torch.lerp(grey.mean().expand_as(image), image, contrast).clamp_(0, 1)
        return result
