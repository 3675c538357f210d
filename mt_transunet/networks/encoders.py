# SPDX-License-Identifier: Apache-2.0
"""The encoders by name: how each is built, how its images are scaled, and which published weights it can start from."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import nn

from .efficientnet_lite import EfficientNetLite2
from .resnet import ResNetEncoder
from .resnet_v2 import ResNetV2
from .weight_maps import EFFICIENTNET_LITE2, TIMM, TORCHVISION, Source

Scaling = tuple[tuple[float, float, float], tuple[float, float, float]]
"""Mean and standard deviation of red, green and blue, of values in [0, 1]."""

HALF: Scaling = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
IMAGENET: Scaling = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# MEAN_RGB = 127 and STDDEV_RGB = 128 of 0..255 in tensorflow/tpu's efficientnet_lite_builder.py
LITE: Scaling = (127 / 255,) * 3, (128 / 255,) * 3


class Encoder(NamedTuple):
    """One row of :data:`ENCODERS`.

    Attributes:
        build: makes it with random weights. Its ``channels`` are those of strides 2, 4, 8, 16 and, where it has more,
            of the coarser stages that the patch embedding takes too; calling it gives the features in that order.
        scaling: belongs to the weights it can start from.
        source: how the names in the file of these weights are translated.
        file: what to give as ``pretrained_path``; None where an installed package carries the weights.
    """

    build: Callable[[], nn.Module]
    scaling: Scaling
    source: Source
    file: str | None


ENCODERS = {
    "resnet_v2": Encoder(
        ResNetV2, HALF, TIMM, "Google's R50+ViT-B_16.npz or the safetensors file of timm's vit_base_r50_s16_224"
    ),
    "efficientnet_lite2": Encoder(EfficientNetLite2, LITE, EFFICIENTNET_LITE2, None),
    "resnet34": Encoder(
        lambda: ResNetEncoder(block="basic"), IMAGENET, TORCHVISION, "torchvision's resnet34 state dict (.pth)"
    ),
    "resnet50": Encoder(
        lambda: ResNetEncoder(block="bottleneck"), IMAGENET, TORCHVISION, "torchvision's resnet50 state dict (.pth)"
    ),
}
