# SPDX-License-Identifier: Apache-2.0
"""Whether a file is an image that decodes to its last row."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from PIL import Image, UnidentifiedImageError
from tqdm import tqdm

from ..stored_image import ORIENTATION, as_rgb, stored_size
from .errors import DataError, name_some

LONGEST_NAME = 240
"""Bytes of a file's name that leave room for the endings of what is made from it; file systems take 255."""

_DRAFT_SIDE = 64  # pixels; libjpeg still walks through all the data, so a missing end is noticed


def reason_of(error: Exception) -> str:
    """Why a file could not be read, in words without its path."""
    if isinstance(error, UnidentifiedImageError):
        return "cannot identify image file"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def image_size(path: str) -> tuple[int, int]:
    """Width and height in the header, on the stored pixel grid (before any EXIF rotation).

    Raises:
        Exception: whatever Pillow finds wrong with the header.
    """
    with Image.open(path) as image:
        return stored_size(image)


def decode_problem(path: str | os.PathLike) -> str | None:
    """Why ``path`` does not become one RGB image completely or has too long a name, or None.

    A JPEG is decoded at a reduced scale, about twice as fast; a truncated one fails all the same.
    """
    if len(os.fsencode(os.path.basename(path))) > LONGEST_NAME:
        return f"the file's name is too long for the files made from it; shorten it to {LONGEST_NAME} bytes"
    try:
        with Image.open(path) as image:
            load_completely(image)
    except Exception as error:  # a broken file may raise anything: SyntaxError, struct.error, MemoryError, ...
        return reason_of(error)
    return None


def load_completely(image: Image.Image) -> None:
    """Decode an opened image and make it RGB as inference does, at a reduced scale where it is a JPEG.

    Raises:
        Exception: whatever Pillow finds wrong with it; ValueError for one of several photographs.
    """
    image.draft("RGB", (_DRAFT_SIDE, _DRAFT_SIDE))
    as_rgb(image).load()


def is_turned(image: Image.Image) -> bool:
    """Whether viewers that heed EXIF show an image in another position than its pixels have.

    Ask it of an image that is loaded, :func:`as_stored`: of a PNG the tag may come after the pixels.
    """
    try:
        return image.getexif().get(ORIENTATION, 1) in range(2, 9)  # 1 is upright; viewers ignore what has no meaning
    except Exception:  # a broken tag may raise anything, and is heeded by nobody
        return False


def readable_images(paths: Iterable[str | os.PathLike]) -> tuple[list[str], dict[str, str]]:
    """Sort files into those that decode completely and those that do not. Never raises for a bad file.

    Returns:
        The readable paths in the order given, and path -> reason for the others.
    """
    names = [os.fspath(path) for path in paths]
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        reasons = list(tqdm(pool.map(decode_problem, names), total=len(names), desc="reading images", leave=False))
    refused = {name: reason for name, reason in zip(names, reasons) if reason is not None}
    return [name for name in names if name not in refused], refused


def require_readable(readable: Sequence[str], refused: Mapping[str, str]) -> None:
    """Stop when nothing is left of the images that ``readable_images`` has sorted.

    Raises:
        DataError: no image can be read; names them and why.
    """
    if not readable:
        reasons = name_some(f"{path} ({reason})" for path, reason in refused.items())
        raise DataError(f"none of the {len(refused)} images can be read: {reasons}; replace them")
