# SPDX-License-Identifier: Apache-2.0
"""How sharp a photograph is, whatever its size and contrast."""

from __future__ import annotations

import cv2
import numpy as np

from .frame import dark_frame
from .reduction import reduced

__all__ = ["sharpness"]

_SIDE = 256
"""Longer side, pixels: about what the network sees; blur that is lost there cannot mislead it."""

# Longer side below which nothing is said: hairs, grain and fine pigment are averaged away, and sharp images reduced to
# 128 pixels measure as little as blurred ones at 256.
_SMALLEST = 200

# Where to look: the steepest part of what is left after a blur of two pixels. Elsewhere there is noise only, and
# noise is sharp in a photograph out of focus too.
_STEEPEST = 0.15
# Standard deviations, pixels, of the blurs between which fine (first two) and coarse (last two) structure lie. Below
# 0.6 there is mostly noise of the sensor and of JPEG.
_FINE, _MIDDLE, _COARSE = 0.6, 1.2, 4.0
# Share of the longer side over which a frame fades into the image.
_RIM = 0.03


def sharpness(image: np.ndarray) -> float:
    """Strength of fine against coarse structure where the image is steepest: about 0.5 in focus, 0.2 out of it.

    Blur takes fine structure and leaves coarse, a change of contrast scales both alike. The bands are differences of
    Gaussians (as in J. Crowley, "A representation for visual information", 1981), compared as RMS. The frame of a
    dermatoscope is left out.

    Args:
        image: (H, W, 3) uint8, RGB.

    Returns:
        0 or more; NaN where nobody can say: for an image without any structure, or smaller than 200 pixels on both
        sides.
    """
    if max(image.shape[:2]) < _SMALLEST:
        return float("nan")
    small = reduced(image, _SIDE)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    where = _steepest(grey, ~_rim(small))
    if not where.any():
        return float("nan")
    fine, middle, coarse = (cv2.GaussianBlur(grey, (0, 0), sigma)[where] for sigma in (_FINE, _MIDDLE, _COARSE))
    below, above = (float(np.sqrt(np.mean(band**2))) for band in (fine - middle, middle - coarse))
    # rounding alone gives a uniform image a structure of a few millionths of a grey level
    return below / above if above > 1e-3 else float("nan")


def _steepest(grey: np.ndarray, inside: np.ndarray) -> np.ndarray:
    smooth = cv2.GaussianBlur(grey, (0, 0), 2.0)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    return inside & (slope >= np.quantile(slope[inside], 1 - _STEEPEST)) if inside.any() else inside


def _rim(image: np.ndarray) -> np.ndarray:
    """The frame, the transition to it, and the edges of the image, where a blur sees itself mirrored."""
    frame = np.pad(dark_frame(image), 1, constant_values=True).astype(np.uint8)
    reach = 2 * round(_RIM * max(image.shape[:2])) + 1
    return cv2.dilate(frame, np.ones((reach, reach), np.uint8))[1:-1, 1:-1] > 0
