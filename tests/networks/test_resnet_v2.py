# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mt_transunet.networks.resnet_v2 import Bottleneck, ResNetV2, StandardizedConv2d


def test_encoder_has_the_parameters_of_the_authors_code():
    with torch.device("meta"):
        encoder = ResNetV2()
    assert sum(parameter.numel() for parameter in encoder.parameters()) == 11_894_848


@pytest.mark.parametrize(("height", "width"), [(16, 32), (48, 80)])
def test_features_halve_from_stride_2_to_16(height, width):
    features = ResNetV2(depths=(1, 1, 1), width=32)(torch.rand(1, 3, height, width))
    expected = [(1, 32 if i == 1 else 32 * 2**i, height // 2**i, width // 2**i) for i in range(1, 5)]
    assert [tuple(feature.shape[2:]) for feature in features] == [shape[2:] for shape in expected]
    assert [feature.shape[1] for feature in features] == [32, 128, 256, 512]


def test_filters_are_standardised_to_mean_0_and_variance_1():
    conv = StandardizedConv2d(2, 4, 3)
    flat = conv.weight.detach().flatten(1)
    filters = (flat - flat.mean(1, keepdim=True)) / (flat.var(1, unbiased=False, keepdim=True) + 1e-8).sqrt()
    image = torch.rand(1, 2, 6, 6)
    expected = F.conv2d(image, filters.view_as(conv.weight), padding=1)
    torch.testing.assert_close(conv(image), expected, rtol=1e-5, atol=1e-5)


def test_scale_and_offset_of_a_filter_change_nothing():
    conv, image = StandardizedConv2d(2, 4, 3), torch.rand(1, 2, 6, 6)
    before = conv(image)
    conv.weight.data = 3 * conv.weight.data + 1
    torch.testing.assert_close(conv(image), before, rtol=1e-3, atol=1e-4)


def test_pooling_equals_same_padding_with_minus_infinity():
    image = torch.randn(1, 2, 8, 12)
    expected = F.max_pool2d(F.pad(image, [0, 1, 0, 1], value=-float("inf")), 3, 2)
    assert torch.equal(ResNetV2(depths=(1,), width=32).pool(image), expected)


def test_bottleneck_of_equal_shape_adds_its_input_unprojected():
    block = Bottleneck(128, 128)
    torch.nn.init.zeros_(block.unit3.norm.weight)
    features = torch.rand(1, 128, 4, 4)
    torch.testing.assert_close(block(features), features)
