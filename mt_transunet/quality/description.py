# SPDX-License-Identifier: Apache-2.0
"""Eleven numbers that say what kind of picture an image is: its colours, contrast, grain and layout."""

from __future__ import annotations

import cv2
import numpy as np

from .frame import dark_frame

__all__ = ["FEATURES", "describe"]

FEATURES = (
    *("mean_L", "mean_a", "mean_b"),
    *("log_std_L", "log_std_a", "log_std_b"),
    *("centre_L", "centre_a", "centre_b"),
    *("log_grain", "log_contrast"),
)
"""Names of the numbers, in their order."""

_SIDE = 64
"""Pixels on each side, proportions not kept: what is left does not depend on the camera's resolution."""

# Shares of the pixels, by their distance from the middle, that count as centre and as periphery.
_CENTRE, _PERIPHERY = 0.25, 0.4
# Differences of colour beyond about this many units grow as their logarithm: a white plaster or a black lesion must
# not decide alone how far apart two photographs are.
_KNEE = 3.0
# Added before logarithms: below it there is only rounding.
_FLOOR = 0.1


def describe(image: np.ndarray) -> np.ndarray:
    """Colour (CIELAB mean), its spread, centre minus periphery, grain (1 pixel of 64) and contrast (1 to 4 pixels).

    The black frame of a dermatoscope is left out: it says more about the instrument than about the picture.

    Args:
        image: (H, W, 3) uint8, RGB.

    Returns:
        float64 (11,), in the order of ``FEATURES``.
    """
    small = cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    # two pixels more: averaging has spread the frame over its neighbours
    inside = cv2.dilate(dark_frame(small).astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    if not inside.any():
        inside[:] = True

    pixels = lab[inside].astype(np.float64)  # (N, 3)
    distance = _distance_from_middle()[inside]
    centre = pixels[distance <= np.quantile(distance, _CENTRE)].mean(axis=0)
    periphery = pixels[distance >= np.quantile(distance, 1 - _PERIPHERY)].mean(axis=0)

    smooth, coarse = (_blurred(lab[..., 0], inside, sigma) for sigma in (1.0, 4.0))
    bands = [(lab[..., 0] - smooth)[inside].std(), (smooth - coarse)[inside].std()]
    return np.concatenate(
        [
            pixels.mean(axis=0),
            np.log(pixels.std(axis=0) + _FLOOR),
            np.arcsinh((centre - periphery) / _KNEE),
            np.log(np.array(bands, np.float64) + _FLOOR),
        ]
    )


def _blurred(plane: np.ndarray, inside: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian mean over the pixels inside only (normalised convolution), valid there."""
    weight = inside.astype(np.float32)
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    return cv2.GaussianBlur(plane * weight, (0, 0), sigma) / np.maximum(total, 1e-6)


def _distance_from_middle() -> np.ndarray:
    rows, columns = np.ogrid[:_SIDE, :_SIDE]
    return np.hypot(rows - (_SIDE - 1) / 2, columns - (_SIDE - 1) / 2)
