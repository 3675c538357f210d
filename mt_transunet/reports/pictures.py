# SPDX-License-Identifier: Apache-2.0
"""Pictures as data URIs, so that a page needs no file beside it."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from mt_transunet.reports.blocks import PictureSource

_PHOTOGRAPH, _THUMBNAIL = 84, 70  # JPEG quality; a thumbnail is looked at, not into

# The ground on which overlay_panel lays out its panels, and how much of it there is above and below them, in pixels:
# see figures.py, to which a test holds these.
_GUTTER, _BELOW, _GROUND = 12, 30, (20, 22, 27)
_NOISE = 10  # by which JPEG, decoded small, may change the ground


def data_uri(source: PictureSource, *, long_side: int) -> str:
    """The picture as ``data:image/...;base64,...``.

    SVG is taken as it is. Everything else is decoded and shrunk to ``long_side`` pixels: few colours, such as masks,
    become PNG, photographs JPEG.

    Raises:
        ValueError: the source holds no picture.
    """
    if isinstance(source, np.ndarray):
        return _encoded(Image.fromarray(source), long_side, _PHOTOGRAPH)
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    if content.lstrip()[:5] in (b"<?xml", b"<svg "):
        return _uri("svg+xml", content)
    try:
        picture = Image.open(io.BytesIO(content))
        picture.load()
    except (OSError, SyntaxError) as error:
        name = "bytes" if isinstance(source, bytes) else str(source)
        raise ValueError(f"a picture must be an image file, got {name}: {error}; write it again") from error
    return _encoded(picture, long_side, _PHOTOGRAPH)


def thumbnail_uri(path: Path, *, long_side: int, panel: bool = False) -> str:
    """A small picture of a file as a data URI, some 5 kB at 220 pixels.

    Args:
        path: of an image file.
        long_side: at most so many pixels.
        panel: of what ``overlay_panel`` drew, take the photograph with its contour alone; any other picture is taken
            whole.

    Raises:
        ValueError: the file cannot be read or holds no picture.
    """
    try:
        with Image.open(path) as picture:
            size = picture.size
            # A JPEG is decoded at a fraction of its size, which is several times as fast; panels are three and more.
            enough = (3 if panel else 1) * long_side
            picture.draft(None, (enough, enough * size[1] // size[0] + 1))
            picture.load()
            part = _left_panel(picture, picture.width / size[0]) if panel else picture
            return _encoded(part, long_side, _THUMBNAIL)
    except (OSError, SyntaxError) as error:
        raise ValueError(f"a picture must be an image file, got {path}: {error}; write it again") from error


def _left_panel(picture: Image.Image, scale: float) -> Image.Image:
    """The first of the panels, however many there are: up to the dark strip right of it; the whole without a strip."""
    top, bottom = round(_GUTTER * scale), picture.height - round(_BELOW * scale)
    if picture.mode != "RGB" or bottom - top < 3:
        return picture
    # A few rows tell as much as all.
    pixels = np.asarray(picture.crop((0, top, picture.width // 2, bottom)))[::4].astype(np.int16)
    # Of most pixels of a column, for JPEG lets bright spots at a photograph's edge ring into the strip.
    is_ground = (np.abs(pixels - np.int16(_GROUND)).max(axis=2) <= _NOISE).mean(axis=0) > 0.5
    left = int(np.argmin(is_ground))
    width = int(np.argmax(is_ground[left:]))
    if not left or width < 3:
        return picture
    # One pixel less on every side, where decoding mixes photograph and strip.
    return picture.crop((left + 1, top + 1, left + width - 1, bottom - 1))


def _encoded(picture: Image.Image, long_side: int, quality: int) -> str:
    transparent = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    if not transparent:
        picture = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
    few_colours = picture.getcolors(maxcolors=16) is not None
    picture.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    if transparent or few_colours:
        picture.save(buffer, "PNG", optimize=True)
        return _uri("png", buffer.getvalue())
    picture.save(buffer, "JPEG", quality=quality, optimize=True)
    return _uri("jpeg", buffer.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
