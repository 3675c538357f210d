# SPDX-License-Identifier: Apache-2.0
"""MONAI's 2-D ResNet 34 and 50 as encoders, cut after layer3 (stride 16), with torchvision's parameter names."""

from __future__ import annotations

import torch
from monai.networks.nets import ResNet
from torch import nn


class ResNetEncoder(nn.Module):
    """Stem and the first three layers of `monai.networks.nets.ResNet` with spatial_dims=2.

    The parameters are named conv1, bn1, layer1, layer2, layer3 as in torchvision, so a torchvision state dict without
    its layer4 and fc fits. `channels` gives the channels of the features, finest first.

    Args:
        block: "basic" (ResNet 34) or "bottleneck" (ResNet 50).
        depths: blocks of each layer; the fourth is MONAI's to build and is dropped.

    Shape: (B, 3, H, W), H and W multiples of 16 -> [(B, 64, H/2, W/2), (B, 64e, H/4, W/4), (B, 128e, H/8, W/8),
        (B, 256e, H/16, W/16)] with e = 1 for basic and 4 for bottleneck blocks, all non-negative.
    """

    def __init__(self, *, block: str, depths: tuple[int, int, int] = (3, 4, 6)):
        super().__init__()
        net = ResNet(
            block,
            [*depths, 1],
            [64, 128, 256, 512],
            spatial_dims=2,
            conv1_t_stride=2,
            feed_forward=False,
            bias_downsample=False,
        )
        expansion = 4 if block == "bottleneck" else 1
        self.channels = (64, 64 * expansion, 128 * expansion, 256 * expansion)
        self.conv1, self.bn1, self.act, self.maxpool = net.conv1, net.bn1, net.act, net.maxpool
        self.layer1, self.layer2, self.layer3 = net.layer1, net.layer2, net.layer3

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        stem = self.act(self.bn1(self.conv1(x)))
        quarter = self.layer1(self.maxpool(stem))
        eighth = self.layer2(quarter)
        return [stem, quarter, eighth, self.layer3(eighth)]
