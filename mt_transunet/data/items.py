# SPDX-License-Identifier: Apache-2.0
"""The plain dictionary that stands for one image, and the identity behind its many file names."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

Item = dict[str, Any]
"""``image`` and ``mask`` absolute paths, ``label`` 0/1/2, ``image_id``; ``mask`` and ``label`` only when known."""

SPLITS = {"train": "training", "val": "validation", "test": "test"}
"""Short name of a split (the key ``split`` of the configs) -> its name in a datalist."""

_ISIC_ID = re.compile(r"isic[ _-]?(\d{7})(?!\d)", re.IGNORECASE)


def make_item(image: Path, *, mask: Path | None = None, label: int | None = None, image_id: str | None = None) -> Item:
    """One item; paths become absolute but links are kept, because the link's name carries the id."""
    item: Item = {"image": os.path.abspath(image)}
    if mask is not None:
        item["mask"] = os.path.abspath(mask)
    if label is not None:
        item["label"] = label
    item["image_id"] = image.stem if image_id is None else image_id
    return item


def canonical_id(name: str) -> str:
    """``ISIC_0012086`` for every spelling of that id (``isic_0012086.JPG``, ``ISIC_0012086_downsampled``).

    A name that holds no ISIC id is returned unchanged.
    """
    match = _ISIC_ID.search(name)
    return f"ISIC_{match[1]}" if match else name


def identities(item: Item) -> set[str]:
    """Every id an item can be known by: its ``image_id`` and its file's stem, in canonical form."""
    return {canonical_id(item["image_id"]), canonical_id(Path(item["image"]).stem)}
