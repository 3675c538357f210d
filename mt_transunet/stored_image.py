# SPDX-License-Identifier: Apache-2.0
"""An image file as 8-bit RGB on the pixel grid it is stored on, whatever it holds; read alike everywhere."""

from __future__ import annotations

import numpy as np
from PIL import Image
from PIL.Image import Transpose

from . import dicom  # noqa: F401  (so that PIL opens DICOM too)

__all__ = ["ORIENTATION", "as_rgb", "as_stored", "check_single", "stored_size"]

ORIENTATION = 0x0112
"""The tag, of EXIF as of TIFF; its values 1 to 8 are in TIFF 6.0, page 36."""

# undoes what ImageOps.exif_transpose does for each
_BACK = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}
_SIDES_CHANGED = (5, 6, 7, 8)

_OVERSHOOT = 0.05
"""How far resampling may lead beyond 1."""
_DARKEST_8, _DARKEST_16 = 16.0, 4096.0
"""What 8 and 16 bits hold at least at their brightest: below, 16 bits may as well be 10 or 12."""

_SUBFILE, _REDUCED_OR_MASK = 0x00FE, 1 | 4
"""What a page is, and two of its bits (TIFF 6.0, page 36)."""


def as_stored(image: Image.Image) -> Image.Image:
    """The image as its pixels are stored: Pillow turns a TIFF by its orientation as it loads, and nothing else.

    What was turned back has the orientation in its EXIF, as a JPEG has. An image that is loaded already stays as it is.

    Raises:
        ValueError: a TIFF that Pillow misreads, with its rows cut at the length of its columns, or one that
            :func:`check_single` refuses.
    """
    check_single(image)
    orientation = _turned_by(image)
    if orientation is None:
        return image
    promised = image.size
    image.load()
    if image.size != promised:  # Pillow 12.3, uncompressed and grey
        raise ValueError("is stored turned in a way that cannot be read; save it upright")
    stored = image.transpose(_BACK[orientation])
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored.info["exif"] = exif.tobytes()
    return stored


def stored_size(image: Image.Image) -> tuple[int, int]:
    """Width and height of :func:`as_stored`, from the header alone."""
    return image.size[::-1] if _turned_by(image) in _SIDES_CHANGED else image.size


def _turned_by(image: Image.Image) -> int | None:
    tags = getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}
    return tags.get(ORIENTATION) if tags.get(ORIENTATION) in _BACK else None


def check_single(image: Image.Image) -> None:
    """Refuse a TIFF of several photographs, of which Pillow would show the first alone.

    Pages of other sizes are previews of the first, and some of its size are said to be its transparency, or a preview.

    Raises:
        ValueError: says how many.
    """
    if image.format != "TIFF" or getattr(image, "n_frames", 1) == 1:
        return
    pages = 1 + sum(_is_photograph(image, page, image.size) for page in range(1, image.n_frames))
    image.seek(0)
    if pages > 1:
        raise ValueError(f"holds {pages} pages; give one photograph a file")


def _is_photograph(image: Image.Image, page: int, size: tuple[int, int]) -> bool:
    try:
        image.seek(page)
    except Exception:  # of a kind that Pillow cannot read
        return False
    return image.size == size and not image.tag_v2.get(_SUBFILE, 0) & _REDUCED_OR_MASK


def as_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB of any PIL image, :func:`as_stored`.

    16-bit grey values are divided by 257, so that 65535 becomes 255 (PIL alone would clip at 255); decimals that end at
    1 are multiplied by 255. Transparency is laid over white. The stored pixel grid is kept: an EXIF rotation is not
    applied, so that masks fit the file.

    Raises:
        ValueError: decimals that are no numbers.
    """
    image = as_stored(image)
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_bytes(np.asarray(image).astype(np.float64), image.mode == "F")).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        transparent = image.convert("RGBA")
        canvas = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(canvas, transparent).convert("RGB")
    return image.convert("RGB")


def _bytes(values: np.ndarray, has_decimals: bool) -> np.ndarray:
    if not np.isfinite(values).all():
        raise ValueError("holds values that are no numbers")
    highest = values.max(initial=0)
    if has_decimals and highest <= 1 + _OVERSHOOT:
        values = values * 255.0
    elif (has_decimals and highest < _DARKEST_8) or 255 < highest < _DARKEST_16:
        raise ValueError(f"has {highest:g} as its brightest value, which is of no usual range; save it with 8 bits")
    elif highest > 255:
        values = values / 257.0
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)
