# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from mt_transunet.networks.resnet import ResNetEncoder


@pytest.mark.parametrize(("block", "expansion"), [("basic", 1), ("bottleneck", 4)])
def test_features_stand_at_strides_2_to_16(block, expansion):
    encoder = ResNetEncoder(block=block, depths=(1, 1, 1)).eval()
    features = encoder(torch.rand(1, 3, 32, 48))
    expected = [(64, 16, 24), (64 * expansion, 8, 12), (128 * expansion, 4, 6), (256 * expansion, 2, 3)]
    assert [tuple(feature.shape[1:]) for feature in features] == expected
    assert encoder.channels == tuple(shape[0] for shape in expected)


def test_parameters_bear_torchvision_names():
    with torch.device("meta"):
        names = set(ResNetEncoder(block="bottleneck").state_dict())
    assert {"conv1.weight", "bn1.running_mean", "layer1.0.downsample.1.bias", "layer3.5.conv3.weight"} <= names
    assert not any(name.startswith(("layer4", "fc")) or name.endswith("downsample.0.bias") for name in names)
    # 53 convolutions of ResNet 50 less 10 of layer4, each with one batch norm of five tensors
    assert len(names) == 43 * 6
