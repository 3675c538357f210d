# SPDX-License-Identifier: Apache-2.0
"""What the PIL reader hands over: any image as 8-bit RGB, any mask as 0 and 255."""

from __future__ import annotations

import warnings

import numpy as np
from PIL import Image

from ..mask_values import LESION_FROM, lost_lesion, mask_values
from ..stored_image import as_rgb

__all__ = ["as_rgb", "to_rgb", "to_mask"]

_KINDS = {"L": "grey", "1": "black-and-white", "LA": "grey", "P": "palette", "RGBA": "transparent", "CMYK": "CMYK"}


def _warn(kind: str, became: str) -> None:
    # No file name: Python then shows each kind once per process rather than once per image of a large folder.
    warnings.warn(f"{kind} image converted to {became}", UserWarning, stacklevel=3)


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert any PIL image to 8-bit RGB as ``as_rgb`` does, with one warning when that changes its kind."""
    if image.mode != "RGB":
        deep = "16-bit" if image.mode.startswith("I") else "floating-point" if image.mode == "F" else None
        _warn(*((deep, "8-bit RGB") if deep else (_KINDS.get(image.mode, image.mode), "RGB")))
    elif min(image.size) == 1:
        _warn("1-pixel", "a full-size input by interpolation")
    return as_rgb(image)


def to_mask(image: Image.Image) -> Image.Image:
    """Convert any PIL mask to grey values 0 and 255, as :func:`mask_values` reads it, with one warning for grey ones.

    Raises:
        ValueError: the mask is not empty, but would become so.
    """
    values = mask_values(image)
    if lost := lost_lesion(values):
        raise ValueError(f"{getattr(image, 'filename', '') or 'a mask'}: {lost}")
    if np.any((values > 0) & (values < 255)):
        _warn("grey-valued mask", f"a binary one at >= {LESION_FROM}; `mt-transunet check-data` names such files")
    return Image.fromarray((values >= LESION_FROM).astype(np.uint8) * 255)
