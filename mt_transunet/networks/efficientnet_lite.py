# SPDX-License-Identifier: Apache-2.0
"""EfficientNet-Lite2: EfficientNet without squeeze-and-excitation, with ReLU6 and a stem of fixed width.

Source: tensorflow/tpu, `models/official/efficientnet/lite/efficientnet_lite_builder.py` (width 1.1, depth 1.2, batch
norm eps 1e-3). The published weights are TensorFlow's, so every convolution has SAME padding.
"""

from __future__ import annotations

import torch
from torch import nn

from .same_padding import SameConv2d

# (repeats, kernel, stride, expansion, channels) of B0, https://arxiv.org/abs/1905.11946, Table 1
B0_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM_CHANNELS = 32


def lite2_stages() -> list[tuple[int, int, int, int, int]]:
    """B0's stages with depth times 1.2 rounded up, except the first and last, and width times 1.1 rounded to 8s."""
    stages = []
    for index, (repeats, kernel_size, stride, expansion, channels) in enumerate(B0_STAGES):
        if 0 < index < len(B0_STAGES) - 1:
            repeats = -(-repeats * 12 // 10)
        stages.append((repeats, kernel_size, stride, expansion, int(channels * 1.1 + 4) // 8 * 8))
    return stages


class ConvNorm(nn.Module):
    """SAME convolution, batch norm and, unless `act` is false, ReLU6."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        groups: int = 1,
        act: bool = True,
    ):
        super().__init__()
        self.conv = SameConv2d(in_channels, out_channels, kernel_size, stride=stride, groups=groups)
        # PyTorch's momentum 0.1 instead of the source's 0.01: fine-tuning runs hundreds of steps, not a million
        self.norm = nn.BatchNorm2d(out_channels, eps=1e-3)
        self.act = nn.ReLU6(inplace=True) if act else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.norm(self.conv(x)))


class InvertedResidual(nn.Module):
    """1x1 expansion (none at factor 1), depthwise convolution, linear 1x1 projection; shortcut where shapes agree."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, *, stride: int, expansion: int):
        super().__init__()
        hidden = in_channels * expansion
        self.expand = ConvNorm(in_channels, hidden, 1) if expansion > 1 else nn.Identity()
        self.depthwise = ConvNorm(hidden, hidden, kernel_size, stride=stride, groups=hidden)
        self.project = ConvNorm(hidden, out_channels, 1, act=False)
        self.has_shortcut = stride == 1 and in_channels == out_channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.project(self.depthwise(self.expand(x)))
        return out + x if self.has_shortcut else out


class EfficientNetLite2(nn.Module):
    """All blocks of EfficientNet-Lite2, without the classifier's 1280-channel head.

    `channels` gives the channels of the features, finest first.

    Shape: (B, 3, H, W), H and W multiples of 16 -> [(B, 16, H/2, W/2), (B, 24, H/4, W/4), (B, 48, H/8, W/8),
        (B, 120, H/16, W/16), (B, 352, ceil(H/32), ceil(W/32))], unbounded (linear projections).
    """

    channels = (16, 24, 48, 120, 352)

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(3, STEM_CHANNELS, 3, stride=2)
        blocks: list[nn.Module] = []
        self.last_at_stride: list[bool] = []
        in_channels = STEM_CHANNELS
        for repeats, kernel_size, stride, expansion, out_channels in lite2_stages():
            for repeat in range(repeats):
                if repeat == 0 and stride == 2:
                    self.last_at_stride[-1] = True
                blocks.append(
                    InvertedResidual(
                        in_channels, out_channels, kernel_size, stride=stride if repeat == 0 else 1, expansion=expansion
                    )
                )
                self.last_at_stride.append(False)
                in_channels = out_channels
        self.last_at_stride[-1] = True
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        x = self.stem(x)
        features: list[torch.Tensor] = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if self.last_at_stride[index]:
                features.append(x)
        return features
