# SPDX-License-Identifier: Apache-2.0
"""By what an image is known again, in another folder, under another name or in another size."""

from __future__ import annotations

import hashlib

from .items import Item, isic_id

__all__ = ["image_digest"]

_PIECE = 65536
"""Bytes at the start, in the middle and at the end of a file that, with its size, tell it from others: the first rows
of an uncompressed photograph may be those of another one's dark frame."""


def image_digest(item: Item) -> str:
    """12 hexadecimal digits of an item's image, that any two of 10,000 images share with a chance of 2e-7.

    An image of the ISIC archive is known by its id, in whatever size it comes; any other by its file, under whatever
    name.

    Raises:
        OSError: the file cannot be read, and its name holds no ISIC id.
    """
    name = isic_id(item)
    if name is not None:
        return hashlib.sha256(name.encode()).hexdigest()[:12]
    with open(item["image"], "rb") as file:
        size = file.seek(0, 2)
        digest = hashlib.sha256(b"%d " % size)
        for start in (0, max(size - _PIECE, 0) // 2, max(size - _PIECE, 0)):
            file.seek(start)
            digest.update(file.read(_PIECE))
        return digest.hexdigest()[:12]
