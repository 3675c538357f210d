# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from mt_transunet.networks.same_padding import SameConv2d


def ones_conv(stride: int) -> SameConv2d:
    conv = SameConv2d(1, 1, 3, stride=stride)
    torch.nn.init.ones_(conv.weight)
    return conv


def test_stride_2_pads_an_even_side_only_at_its_end():
    # windows start at 0 and 2 of 4 pixels; only the second reaches over the edge, by one
    result = ones_conv(2)(torch.ones(1, 1, 4, 4))
    assert result[0, 0].tolist() == [[9, 6], [6, 4]]


def test_stride_2_pads_an_odd_side_at_both_ends():
    # windows start at -1, 1 and 3 of 5 pixels
    result = ones_conv(2)(torch.ones(1, 1, 5, 5))
    assert result[0, 0].tolist() == [[4, 6, 4], [6, 9, 6], [4, 6, 4]]


@pytest.mark.parametrize(("kernel_size", "stride"), [(1, 1), (1, 2), (3, 1), (5, 2), (7, 2)])
def test_output_side_is_the_input_side_over_the_stride_rounded_up(kernel_size, stride):
    conv = SameConv2d(2, 3, kernel_size, stride=stride)
    assert conv(torch.zeros(1, 2, 7, 10)).shape == (1, 3, -(-7 // stride), -(-10 // stride))
