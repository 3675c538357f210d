# SPDX-License-Identifier: Apache-2.0
"""The cascaded upsampler: from the token grid back to the pixels, one skip connection at a time."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class ConvNormReLU(nn.Sequential):
    """3x3 convolution without bias, batch norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )
        nn.init.kaiming_normal_(self[0].weight, nonlinearity="relu")


class DecoderStage(nn.Module):
    """Bilinear x2 with align_corners=True, concatenation of the skip where there is one, two 3x3 convolutions.

    Shape: x (B, in, h, w), skip (B, skip, 2h, 2w) -> (B, out, 2h, 2w), non-negative.
    """

    def __init__(self, in_channels: int, skip_channels: int, out_channels: int):
        super().__init__()
        self.has_skip = skip_channels > 0
        self.conv1 = ConvNormReLU(in_channels + skip_channels, out_channels)
        self.conv2 = ConvNormReLU(out_channels, out_channels)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        size = [2 * x.shape[2], 2 * x.shape[3]]
        x = F.interpolate(x, size=size, mode="bilinear", align_corners=True)
        if self.has_skip:
            x = torch.cat([x, skip.to(x.dtype)], dim=1)
        return self.conv2(self.conv1(x))


class Decoder(nn.Module):
    """Cascaded decoder of TransUNet (https://arxiv.org/abs/2102.04306, Fig. 1).

    Args:
        embed_dim: D of the token grid.
        first_width: channels after the first 3x3 convolution, still at stride 16.
        widths: channels after each x2 stage; the last stage has no skip.
        skip_channels: channels of the encoder's features at strides 2, 4 and 8, in that order.

    Shape: grid (B, D, h, w), skips [(B, ., 8h, 8w), (B, ., 4h, 4w), (B, ., 2h, 2w)] -> (B, widths[-1], 16h, 16w).
    """

    def __init__(self, *, embed_dim: int, first_width: int, widths: tuple[int, ...], skip_channels: tuple[int, ...]):
        super().__init__()
        self.out_channels = widths[-1]
        self.first = ConvNormReLU(embed_dim, first_width)
        self.stages = nn.ModuleList(
            DecoderStage(in_channels, skip, out_channels)
            for in_channels, skip, out_channels in zip((first_width, *widths), (*reversed(skip_channels), 0), widths)
        )

    def forward(self, grid: torch.Tensor, skips: list[torch.Tensor]) -> torch.Tensor:
        x = self.first(grid)
        for index, stage in enumerate(self.stages):
            x = stage(x, skips[max(len(skips) - 1 - index, 0)])  # the last stage gets one and leaves it
        return x
