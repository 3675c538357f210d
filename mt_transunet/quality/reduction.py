# SPDX-License-Identifier: Apache-2.0
"""One scale for all measurements on a photograph, whatever camera it came from."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["reduced", "require_rgb"]


def reduced(image: np.ndarray, side: int) -> np.ndarray:
    """The image averaged over areas to a longer side of ``side`` pixels; smaller ones stay as they are.

    Shape:
        (H, W, 3) uint8 -> (h, w, 3) uint8, proportions kept.
    """
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def require_rgb(image: np.ndarray) -> None:
    """Raise ValueError unless ``image`` is (H, W, 3) uint8 with at least one pixel."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"image must be (H, W, 3) uint8, got {image.shape} {image.dtype}; convert it to 8-bit RGB")
