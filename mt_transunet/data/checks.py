# SPDX-License-Identifier: Apache-2.0
"""Checks cheap enough for the start of every run: file headers, sizes, and the sides of a split."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from .errors import DataError, Problems
from .items import Item, canonical_id
from .reading import image_size, reason_of


def check_headers(items: Sequence[Item], roots: Sequence[str]) -> None:
    """Open the header of every image and mask (about 0.1 ms each) and compare their sizes.

    Args:
        items: with ``image`` and perhaps ``mask``.
        roots: folders that they were read from; none for those of an annotation server.

    Raises:
        DataError: a file is no image, or a mask has another size than its image; both sizes are named.
    """
    for item in items:
        size = _header_size(item["image"], "image", roots)
        if "mask" in item:
            mask_size = _header_size(item["mask"], "mask", roots)
            if mask_size != size:
                raise DataError(f"{size_mismatch(item, size, mask_size)}; {_list_them(item['mask'], roots)}")


def size_mismatch(item: Item, size: tuple[int, int], mask_size: tuple[int, int]) -> str:
    """One line that names a mask of another size than its image (width x height, in pixels)."""
    return (
        f"{item['mask']}: the mask is {mask_size[0]}x{mask_size[1]} pixels but its image {item['image']} is "
        f"{size[0]}x{size[1]}; give the mask that belongs to this image"
    )


def check_sides(lists: dict[str, list[Item]], problems: Problems) -> None:
    """Refuse an id, a file, or a group that is on two of the sides training, validation and test.

    The second stream is part of the training side. Copies on one side are fine.
    """
    shared = _shared(lists, lambda item: canonical_id(item["image_id"]))
    same_file = _shared(lists, lambda item: os.path.realpath(item["image"]))
    shared |= {key: sides for key, sides in same_file.items() if not _among(sides, shared)}
    if shared:
        problems.refuse(
            f"{len(shared)} ids are on two sides of a split",
            _named(shared),
            "keep each on one side; different lesions need different names (image_id in a datalist.json)",
        )
    if groups := _shared(lists, lambda item: item.get("group")):
        problems.refuse(
            f"{len(groups)} groups are on two sides of a split",
            _named(groups),
            "keep all images of a patient or lesion on one side, as `mt-transunet datalist --group_column` does; "
            "different ones need different names",
        )


def _shared(lists: dict[str, list[Item]], key_of: Callable[[Item], str | None]) -> dict[str, dict[str, str]]:
    """Key -> an image of each side that it is on, where there are several; None is no key."""
    found: dict[str, dict[str, str]] = {}
    for name, items in lists.items():
        side = "training" if name == "unlabelled" else name
        for item in items:
            if (key := key_of(item)) is not None:
                found.setdefault(key, {}).setdefault(side, item["image"])
    return {key: sides for key, sides in found.items() if len(sides) > 1}


def _named(shared: dict[str, dict[str, str]]) -> list[str]:
    return [f"{key} ({', '.join(f'{side} {path}' for side, path in sides.items())})" for key, sides in shared.items()]


def _among(sides: dict[str, str], shared: dict[str, dict[str, str]]) -> bool:
    return any(sides == known for known in shared.values())


def _header_size(path: str, role: str, roots: Sequence[str]) -> tuple[int, int]:
    try:
        return image_size(path)
    except Exception as error:  # Pillow raises many kinds for a broken header
        raise DataError(
            f"{path}: not a readable {role} ({reason_of(error)}); replace it or remove it, {_list_them(path, roots)}"
        ) from error


def _list_them(path: str, roots: Sequence[str]) -> str:
    if not roots:
        return "a mask can be saved anew"
    owner = next((root for root in roots if Path(path).is_relative_to(root)), roots[0])
    return f"`mt-transunet check-data {shlex.quote(owner)}` lists all such files"
