# SPDX-License-Identifier: Apache-2.0
"""What the PIL reader hands over: any image as 8-bit RGB, any mask as 0 and 255."""

from __future__ import annotations

import warnings

import numpy as np
from PIL import Image

from .. import dicom  # noqa: F401  (so that the PIL reader opens DICOM too)
from ..mask_values import LESION_FROM, lost_lesion, mask_values

__all__ = ["as_rgb", "to_rgb", "to_mask"]

_KINDS = {"L": "grey", "1": "black-and-white", "LA": "grey", "P": "palette", "RGBA": "transparent", "CMYK": "CMYK"}


def _warn(kind: str, became: str) -> None:
    # No file name: Python then shows each kind once per process rather than once per image of a large folder.
    warnings.warn(f"{kind} image converted to {became}", UserWarning, stacklevel=3)


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert any PIL image to 8-bit RGB as ``as_rgb`` does, with one warning when that changes its kind."""
    if image.mode != "RGB":
        deep = image.mode.startswith("I") or image.mode == "F"
        _warn(*(("16-bit", "8-bit RGB") if deep else (_KINDS.get(image.mode, image.mode), "RGB")))
    elif min(image.size) == 1:
        _warn("1-pixel", "a full-size input by interpolation")
    return as_rgb(image)


def as_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB of any PIL image.

    16-bit grey values are divided by 257, so that 65535 becomes 255 (PIL alone would clip at 255). Transparency is laid
    over white. The stored pixel grid is kept: an EXIF rotation is not applied, so that masks fit the file.
    """
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image).astype(np.float64)
        values = values / 257.0 if values.max(initial=0) > 255 else values
        return Image.fromarray(np.clip(values + 0.5, 0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        transparent = image.convert("RGBA")
        canvas = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(canvas, transparent).convert("RGB")
    return image.convert("RGB")


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
