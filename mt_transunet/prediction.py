# SPDX-License-Identifier: Apache-2.0
"""One image in, one answer out, without a config."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from . import CLASS_NAMES
from .stored_image import check_single
from .transforms import AntialiasedResized, decide_mask, to_rgb

__all__ = ["Prediction", "as_array", "predict"]


class Prediction(NamedTuple):
    """What the network says of one image, at the image's own size."""

    mask: np.ndarray
    """(H, W) bool, true inside the lesion."""
    level_set: np.ndarray
    """(H, W) float32 in [-1, 1], negative inside."""
    probabilities: dict[str, float]
    """By class name; they sum to 1."""


def predict(image: str | Path | IO[bytes] | Image.Image | np.ndarray, network: nn.Module) -> Prediction:
    """Segment and classify one image as the bundle's inference does with one view.

    Args:
        image: a path or an open file, a PIL image, or an array (H, W, 3) of uint8 RGB.
        network: as ``load_network`` or ``build_network`` gives it; it is put in eval mode.

    Raises:
        TypeError, ValueError: what :func:`as_array` refuses.
    """
    photograph = as_array(image)
    height, width = photograph.shape[:2]
    weight = next(network.parameters())
    planes = torch.from_numpy(photograph).permute(2, 0, 1)  # (H, W, 3) -> (3, H, W)
    resized = AntialiasedResized("image", network.image_size)({"image": planes})["image"]
    network.eval()
    with torch.inference_mode():
        output = network((resized.float() / 255.0)[None].to(weight.device, weight.dtype))
        # (1, 2, s, s): lesion probability and level set go back to the image's size together
        planes = torch.cat([output["mask_logits"].softmax(1)[:, 1:], output["level_set"]], dim=1)
        native = F.interpolate(planes, size=(height, width), mode="bilinear")[0].cpu()
        probabilities = output["class_logits"].softmax(1)[0].tolist()
    mask = decide_mask(native[:1])[0].numpy()
    return Prediction(mask, native[1].numpy(), dict(zip(CLASS_NAMES, probabilities)))


def as_array(image: str | Path | IO[bytes] | Image.Image | np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB: a file on its stored pixel grid, a PIL image or an array as it is.

    Raises:
        TypeError: for anything else.
        ValueError: for an array of another shape or type, an image without pixels, or a file that is not one readable
            image.
    """
    if isinstance(image, np.ndarray):
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise ValueError(f"an array must be uint8 RGB of shape (H, W, 3), got {image.dtype} {image.shape}")
        return np.require(image, requirements=["C", "W"])  # torch warns of what may not be written to
    if isinstance(image, Image.Image):
        if not all(image.size):
            raise ValueError(f"the image is empty, its size is {image.width} x {image.height}")
        check_single(image)
        return np.array(to_rgb(image.copy()))  # a copy forgets its file, and with it how that is stored
    if not isinstance(image, (str, os.PathLike)) and not hasattr(image, "read"):
        raise TypeError(f"an image is a path, an open file, a PIL image or a uint8 array, got {type(image).__name__}")
    try:
        with Image.open(image) as opened:
            return np.array(to_rgb(opened))
    except Exception as error:  # a broken file may raise anything
        raise ValueError(f"{image} is no readable image ({error}): check the path or replace the file") from error
