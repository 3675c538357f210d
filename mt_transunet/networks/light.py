# SPDX-License-Identifier: Apache-2.0
"""Colour constancy inside a network, where it cannot be forgotten when the weights are used."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["ShadesOfGrey"]


class ShadesOfGrey(nn.Module):
    """Scales the channels of each image so that the light it was taken in becomes grey of the same Euclidean length.

    The light is the Minkowski mean of each channel: G. D. Finlayson, E. Trezzi, "Shades of Gray and Colour Constancy",
    Color Imaging Conference 2004, whose best norm is 6. `transforms.ShadesOfGreyd` is the same on files; what an
    image is multiplied by, channel by channel, changes nothing behind this module but the brightness.

    Args:
        norm: 1 (grey world) or more. A buffer of the state dict, by which weights tell that they were trained so.

    Shape:
        (B, 3, H, W) in [0, 1] -> the same, float32.
    """

    def __init__(self, norm: float = 6.0):
        super().__init__()
        self.register_buffer("norm", torch.tensor(norm))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        image = image.float().clamp(0.0, 1.0)
        powers = image.pow(self.norm).mean(dim=(2, 3), keepdim=True)
        light = powers.clamp_min(1e-37).pow(1.0 / self.norm)  # of a black channel too, which stays so
        length = light.square().mean(dim=1, keepdim=True).sqrt()
        return (image * (length / light)).clamp(0.0, 1.0)
