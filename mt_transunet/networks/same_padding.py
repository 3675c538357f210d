# SPDX-License-Identifier: Apache-2.0
"""Convolution with TensorFlow's SAME padding, which JAX and the EfficientNet weights share."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


def pad_same(x: torch.Tensor, kernel_size: int) -> torch.Tensor:
    """Zero-pad (B,C,H,W) so that an unpadded convolution of stride 2 gives ceil(H/2) x ceil(W/2); kernel_size odd, > 1.

    The odd pixel goes right and bottom, unlike PyTorch's symmetric padding: an even side with a 3x3 kernel gets
    0 pixels before and 1 after, an odd side 1 and 1.
    """
    rows = kernel_size - 2 + x.shape[2] % 2
    columns = kernel_size - 2 + x.shape[3] % 2
    return F.pad(x, [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2])


class SameConv2d(nn.Conv2d):
    """Bias-free square convolution with SAME padding; kernel size odd, stride 1 or 2.

    At stride 1 SAME is symmetric, so the convolution pads by itself and no copy is made.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, *, stride: int = 1, groups: int = 1):
        padding = kernel_size // 2 if stride == 1 else 0
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=False)
        self.pads_input = stride > 1 and kernel_size > 1
        nn.init.kaiming_normal_(self.weight, mode="fan_out", nonlinearity="relu")

    def pad(self, x: torch.Tensor) -> torch.Tensor:
        return pad_same(x, self.kernel_size[0]) if self.pads_input else x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(self.pad(x), self.weight, None, self.stride, self.padding, self.dilation, self.groups)
