# SPDX-License-Identifier: Apache-2.0
"""Finding hairs on a dermoscopic image, and painting the skin over them."""

from __future__ import annotations

import cv2
import numpy as np
from monai.config import KeysCollection

from .photograph import PhotographCorrectiond

__all__ = ["RemoveHaird", "hair_mask"]

WORKING_SIDE = 512
"""Longer side, pixels, at which hairs are looked for; all lengths below are in these pixels."""

# What the camera resolves and the next one does not: with it, 256 and 3000 pixels give the same mask.
_BLUR = 1.0
# Rows along the edges that are left out: scanned and rescaled images often end in a light or dark line.
_EDGE = 4
# 11 degrees apart: a hair of three pixels, as the blur leaves it, holds a line of `_STRAIGHT` at half that angle.
_DIRECTIONS = 16
# Wider than the widest hair, which is about 2 percent of the image.
_ACROSS = 17
# At 25 pixels crusts and the meshes of pigment networks pass for hair; at 35 bent hairs are still followed.
_STRAIGHT = 35
# Grey levels below the surroundings: where a hair is followed, and where it must reach once to be one.
_FAINT, _CLEAR = 8, 14
# Shortest hair: stubble is as short as the dots and streaks of a lesion.
_SHORTEST = 60


def hair_mask(image: np.ndarray, *, light: bool = False) -> np.ndarray:
    """Where long thin dark structures lie: hairs, and also rulers and thin strokes of ink.

    After T. Lee, V. Ng, R. Gallagher, A. Coldman, D. McLean, "DullRazor: a software approach to hair removal from
    images", Computers in Biology and Medicine 27 (1997): a morphological closing of the brightness with line elements
    in several directions fills the hairs, and what it fills is kept where it is long and thin.

    Differs from the paper: the closings run across 16 directions in place of three, and their depth must
    hold along 35 pixels of that direction, an opening in place of their test of each pixel's runs; a double threshold
    replaces the single one. Stubble (shorter than 12 percent of the longer side) is not found.

    Args:
        image: (H, W, 3) uint8, RGB.
        light: also find structures lighter than the skin, by openings; glints in the gel are then found with them.

    Returns:
        bool (H, W), True on a hair. An image without any gives all False.

    Raises:
        ValueError: for any other image.
    """
    _check(image)
    mask = _working_mask(_at_working_side(image), light)
    return _resized_mask(mask, image.shape[:2])


class RemoveHaird(PhotographCorrectiond):
    """Fills what :func:`hair_mask` finds from its surroundings (Telea 2004, ``cv2.inpaint``).

    Filled at 512 pixels and enlarged: the fill is smooth, and a large photograph takes a fraction of a second. Pixels
    that are not hair stay exactly as they are. Rulers and strokes of ink go with the hairs.

    Args:
        light: also remove light hairs.
        radius: how far the fill looks, in pixels of an image of 512.
    """

    def __init__(
        self, keys: KeysCollection, *, light: bool = False, radius: float = 3.0, allow_missing_keys: bool = False
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.light = light
        self.radius = radius

    def correct(self, image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        working = _at_working_side(image if image.dtype == np.uint8 else np.rint(image).astype(np.uint8))
        mask = _working_mask(working, self.light)
        if not mask.any():
            return image
        # one pixel more: the rim of a hair is half skin, and the fill would take its colour for skin's
        mask = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
        filled = cv2.inpaint(working, mask, self.radius, cv2.INPAINT_TELEA)
        shrinking = max(height, width) < WORKING_SIDE
        filled = cv2.resize(filled, (width, height), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
        return np.where(_resized_mask(mask, (height, width))[..., None], filled, image)


def _check(image: np.ndarray) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"image must be (H, W, 3) uint8, got {image.shape} {image.dtype}; convert it to 8-bit RGB")


def _at_working_side(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    # averaging when it shrinks: a hair that point sampling breaks is lost
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _resized_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(mask.astype(np.uint8) * 255, size[::-1], interpolation=cv2.INTER_LINEAR) >= 128


def _working_mask(image: np.ndarray, light: bool) -> np.ndarray:
    """Hairs of an image at the working side, bool (H, W)."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), _BLUR)
    edge = min(_EDGE, (min(grey.shape) - 1) // 2)
    inside = grey[edge : grey.shape[0] - edge, edge : grey.shape[1] - edge]
    # repeated outwards, so that an element never sees the border of the image as an edge
    margin = edge + _STRAIGHT
    padded = cv2.copyMakeBorder(inside, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    depth = _depth_along_lines(padded, (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT) if light else (cv2.MORPH_BLACKHAT,))
    return _long(depth[_STRAIGHT:-_STRAIGHT, _STRAIGHT:-_STRAIGHT])


def _depth_along_lines(grey: np.ndarray, hats: tuple[int, ...]) -> np.ndarray:
    """How far each pixel lies below (above) both sides of the best straight line through it, grey levels."""
    depth = np.zeros_like(grey)
    for angle in np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS:
        across, along = _line(_ACROSS, angle + np.pi / 2), _line(_STRAIGHT, angle)
        for hat in hats:
            narrow = cv2.morphologyEx(grey, hat, across)
            np.maximum(depth, cv2.morphologyEx(narrow, cv2.MORPH_OPEN, along), out=depth)
    return depth


def _line(length: int, angle: float) -> np.ndarray:
    """A structuring element one pixel wide."""
    radius = length // 2
    element = np.zeros((2 * radius + 1, 2 * radius + 1), np.uint8)
    across, down = round(radius * np.cos(angle)), round(radius * np.sin(angle))
    cv2.line(element, (radius - across, radius - down), (radius + across, radius + down), 1)
    return element


def _long(depth: np.ndarray) -> np.ndarray:
    """Connected faint pixels that are somewhere clear and reach far."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((depth > _FAINT).astype(np.uint8), connectivity=8)
    clear = np.zeros(count, bool)
    clear[labels[depth > _CLEAR]] = True
    extent = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    hair = clear & (extent >= _SHORTEST)
    hair[0] = False  # the background
    return hair[labels]
