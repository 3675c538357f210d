# SPDX-License-Identifier: Apache-2.0
"""The R50 half of "R50+ViT-B_16": three stages of weight-standardised, group-normalised bottlenecks.

Arithmetic after google-research/vision_transformer, `vit_jax/models_resnet.py`, in the form of timm's
`vit_base_r50_s16_224` (whose names the modules bear): the variance of a weight gets eps 1e-8 under the root where
JAX adds 1e-5 to the deviation, and GroupNorm's eps is 1e-5 where flax has 1e-6.

Differs from the paper: its authors' port pads symmetrically, does not pad the max-pool (and zero-pads the 4-stride
skip instead) and normalises the projections per channel. Here the arithmetic is that of the pre-trained weights.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from .same_padding import SameConv2d


class StandardizedConv2d(SameConv2d):
    """SAME convolution whose every filter is shifted and scaled to mean 0, variance 1 before use.

    Weight standardisation, https://arxiv.org/abs/1903.10520, computed in float32 also under autocast.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # a layer norm over (I, kh, kw) without affine part is exactly the standardisation, in one pass
        weight = F.layer_norm(self.weight, self.weight.shape[1:], eps=1e-8)
        return F.conv2d(self.pad(x), weight, None, self.stride, self.padding, self.dilation, self.groups)


class ConvNorm(nn.Module):
    """Standardised convolution, GroupNorm with 32 groups and, unless `act` is false, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, *, stride: int = 1, act: bool = True):
        super().__init__()
        self.conv = StandardizedConv2d(in_channels, out_channels, kernel_size, stride=stride)
        self.norm = nn.GroupNorm(32, out_channels)
        self.act = nn.ReLU(inplace=True) if act else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.norm(self.conv(x)))


class Bottleneck(nn.Module):
    """Post-activation bottleneck of width out/4; the stride sits on the 3x3 convolution.

    Shape: (B, in, H, W) -> (B, out, H/stride, W/stride), non-negative.
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1):
        super().__init__()
        width = out_channels // 4
        self.downsample = nn.Identity()
        if stride > 1 or in_channels != out_channels:
            self.downsample = ConvNorm(in_channels, out_channels, 1, stride=stride, act=False)
        self.unit1 = ConvNorm(in_channels, width, 1)
        self.unit2 = ConvNorm(width, width, 3, stride=stride)
        self.unit3 = ConvNorm(width, out_channels, 1, act=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu_(self.unit3(self.unit2(self.unit1(x))) + self.downsample(x))


class ResNetV2(nn.Module):
    """R50 (3, 4, 9): a 7x7/2 stem, a max-pool and three stages; there is no fourth.

    `channels` gives the channels of the features, finest first.

    Args:
        depths: bottlenecks of each stage; stages after the first halve the grid.
        width: channels of the stem; stage i gives 4 * width * 2**i.

    Shape: (B, 3, H, W), H and W multiples of 16 -> [(B, 64, H/2, W/2), (B, 256, H/4, W/4), (B, 512, H/8, W/8),
        (B, 1024, H/16, W/16)], all non-negative.
    """

    def __init__(self, *, depths: tuple[int, ...] = (3, 4, 9), width: int = 64):
        super().__init__()
        self.channels = (width, *(4 * width * 2**stage for stage in range(len(depths))))
        self.stem = ConvNorm(3, width, 7, stride=2)
        # H/2 is even, and there a ceil-mode window reaching one pixel past the edge is SAME padding without a copy
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.stages = nn.ModuleList(
            nn.Sequential(
                Bottleneck(in_channels, out_channels, stride=1 if stage == 0 else 2),
                *(Bottleneck(out_channels, out_channels) for _ in range(depth - 1)),
            )
            for stage, (depth, in_channels, out_channels) in enumerate(zip(depths, self.channels, self.channels[1:]))
        )

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        x = self.stem(x)
        features = [x]
        x = self.pool(x)
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features
