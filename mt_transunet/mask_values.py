# SPDX-License-Identifier: Apache-2.0
"""Where a mask file says lesion, whatever kind of image it is: read alike by training and by ``check-data``."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .stored_image import as_stored

__all__ = ["LESION_FROM", "lost_lesion", "mask_values"]

LESION_FROM = 128
"""Masks are lesion from this value on: JPEG-compressed or resampled masks are not binary."""


def mask_values(image: Image.Image) -> np.ndarray:
    """(H, W) values, 0 to 255, lesion from :data:`LESION_FROM` on.

    A coloured lesion counts by its brightest channel, so that pure red on black is one; where colour is the same all
    over, transparency may be the mask. Values above 255, and decimals, are scaled by the brightest. Of a label map,
    which holds 0 and one other value below 128, or 1 alone, the other value is lesion.
    """
    values = _one_channel(as_stored(image))
    brightest = values.max(initial=0)
    if 0 < brightest < LESION_FROM:
        lesion = values == brightest
        if brightest == 1 or ((values == 0) | lesion).all() and not lesion.all():
            return lesion * np.uint8(255)
    return values


def lost_lesion(values: np.ndarray) -> str | None:
    """Why a mask of these :func:`mask_values` would become empty though it is not, and the remedy; None for others."""
    if not values.any() or (values >= LESION_FROM).any():
        return None
    return (
        f"no value of this mask reaches {LESION_FROM}, its brightest is {values.max():g}, so nothing in it is lesion; "
        "save it as 0 and 255"
    )


def _one_channel(image: Image.Image) -> np.ndarray:
    values = np.asarray(image)
    if values.dtype == bool:
        return values.astype(np.uint8) * 255
    if values.dtype.kind in "iu" and values.min(initial=0) >= 0 and values.max(initial=0) < 256:
        values = values.astype(np.uint8)  # whatever depth it is stored in
    if values.dtype != np.uint8:
        return values.astype(np.float64) * 255.0 / max(float(values.max(initial=0)), 1.0)
    if values.ndim == 2 and image.mode != "P":
        return values
    if "A" not in image.mode and "transparency" not in image.info:
        return np.asarray(image.convert("RGB")).max(axis=2)
    channels = np.asarray(image.convert("RGBA"))
    colour, alpha = channels[..., :3].max(axis=2), channels[..., 3]
    return alpha if np.ptp(colour) == 0 and np.ptp(alpha) > 0 else colour
