# SPDX-License-Identifier: Apache-2.0
"""Pictures as data URIs, so that a page needs no file beside it."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from mt_transunet.reports.blocks import PictureSource


def data_uri(source: PictureSource, *, long_side: int) -> str:
    """The picture as ``data:image/...;base64,...``.

    SVG is taken as it is. Everything else is decoded and shrunk to ``long_side`` pixels: few colours, such as masks,
    become PNG, photographs JPEG.

    Raises:
        ValueError: the source holds no picture.
    """
    if isinstance(source, np.ndarray):
        return _encoded(Image.fromarray(source), long_side)
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    if content.lstrip()[:5] in (b"<?xml", b"<svg "):
        return _uri("svg+xml", content)
    try:
        picture = Image.open(io.BytesIO(content))
        picture.load()
    except (OSError, SyntaxError) as error:
        name = "bytes" if isinstance(source, bytes) else str(source)
        raise ValueError(f"a picture must be an image file, got {name}: {error}; write it again") from error
    return _encoded(picture, long_side)


def _encoded(picture: Image.Image, long_side: int) -> str:
    transparent = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    if not transparent:
        picture = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
    few_colours = picture.getcolors(maxcolors=16) is not None
    picture.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    if transparent or few_colours:
        picture.save(buffer, "PNG", optimize=True)
        return _uri("png", buffer.getvalue())
    picture.save(buffer, "JPEG", quality=84, optimize=True)
    return _uri("jpeg", buffer.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
