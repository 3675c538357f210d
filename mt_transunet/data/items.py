# SPDX-License-Identifier: Apache-2.0
"""The plain dictionary that stands for one image, and the identity behind its many file names."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .. import CLASS_NAMES
from .errors import DataError

Item = dict[str, Any]
"""``image`` and ``mask`` absolute paths, ``label`` 0/1/2, ``image_id``, ``group`` (what must stay on one side of a
split: a patient, a lesion); all but ``image`` and ``image_id`` only when known."""

SPLITS = {"train": "training", "val": "validation", "test": "test"}
"""Short name of a split (the key ``split`` of the configs) -> its name in a datalist."""

_ISIC_ID = re.compile(r"isic[ _-]?(\d{7})(?!\d)", re.IGNORECASE)


def make_item(
    image: Path,
    *,
    mask: Path | None = None,
    label: int | None = None,
    image_id: str | None = None,
    group: str | None = None,
) -> Item:
    """One item; paths become absolute but links are kept, because the link's name carries the id."""
    item: Item = {"image": os.path.abspath(image)}
    if mask is not None:
        item["mask"] = os.path.abspath(mask)
    if label is not None:
        item["label"] = label
    item["image_id"] = image.stem if image_id is None else image_id
    if group is not None:
        item["group"] = group
    return item


def named_apart(items: list[Item]) -> list[Item]:
    """Images to test on, those of one file name with an ``image_id`` of their own.

    It is as much of the path as tells them apart: ``P0/x`` and ``P1/x``, or ``x.jpg`` and ``x.png``. The same file
    twice is one image. Not for images to learn from: there one name stands for copies (geometries) of one photograph,
    which must stay on one side of a fold.

    Args:
        items: of one folder or list, whose ids are their files' stems.
    """
    alike: dict[str, set[Path]] = {}
    for item in items:
        alike.setdefault(item["image_id"], set()).add(Path(item["image"]))
    names = {path: name for paths in alike.values() if len(paths) > 1 for path, name in _short_names(paths).items()}
    for item in items:
        item["image_id"] = names.get(Path(item["image"]), item["image_id"])
    return items


def _short_names(paths: set[Path]) -> dict[Path, str]:
    """Each path below the folder that holds all, without its suffix where no other has the same name but for it."""
    try:
        base = os.path.commonpath([path.parent for path in paths])
    except ValueError:  # on two drives
        return {path: path.as_posix() for path in paths}
    bare = Counter(path.with_suffix("") for path in paths)
    below = {path: path.relative_to(base) for path in paths}
    return {
        path: (name if bare[path.with_suffix("")] > 1 else name.with_suffix("")).as_posix()
        for path, name in below.items()
    }


def canonical_id(name: str) -> str:
    """``ISIC_0012086`` for every spelling of that id (``isic_0012086.JPG``, ``ISIC_0012086_downsampled``).

    A name that holds no ISIC id is returned unchanged.
    """
    match = _ISIC_ID.search(name)
    return f"ISIC_{match[1]}" if match else name


def identities(item: Item) -> set[str]:
    """Every id an item can be known by: its ``image_id`` and its file's stem, in canonical form."""
    return {canonical_id(item["image_id"]), canonical_id(Path(item["image"]).stem)}


def isic_id(item: Item) -> str | None:
    """The ISIC id that an item is known by, through its ``image_id`` or its file's stem; None for any other image."""
    names = (str(item.get("image_id", "")), Path(item["image"]).stem)
    return next((canonical_id(name) for name in names if _ISIC_ID.search(name)), None)


def ids_hash(items: Iterable[Item]) -> str:
    """SHA-256 of the sorted canonical ids, one a line, copies included: which images a run saw, without naming them."""
    names = sorted(canonical_id(item.get("image_id") or Path(item["image"]).stem) for item in items)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def only(items: list[Item], ids: Iterable[str | float] | str | float | None) -> list[Item]:
    """The items with these ids, in any spelling; all of them for None.

    Raises:
        DataError: naming the ids that are not there.
    """
    if ids is None:
        return items
    # a command line gives an id of digits as a number
    wanted = {canonical_id(str(name)) for name in ([ids] if isinstance(ids, (str, int, float)) else ids)}
    missing = sorted(wanted - {canonical_id(item["image_id"]) for item in items})
    if missing:
        raise DataError(f"no image with the id {', '.join(missing)} among {len(items)}; check ids and split")
    return [item for item in items if canonical_id(item["image_id"]) in wanted]


def repeated(items: list[Item], repeats: Sequence[int] | None) -> list[Item]:
    """Each item as often as its diagnosis says, so that rare ones are seen more often; all once for None.

    Every repetition is an item of its own, with random draws of its own. Unknown diagnoses stand once.

    Args:
        repeats: how often nevus, melanoma and seborrheic keratosis stand in the list, each at least once.

    Raises:
        DataError: not three whole numbers from 1.
    """
    if repeats is None:
        return items
    if len(repeats) != len(CLASS_NAMES) or not all(isinstance(count, int) and count >= 1 for count in repeats):
        raise DataError(f"class_repeats must be {len(CLASS_NAMES)} whole numbers from 1, got {list(repeats)}")
    return [item for item in items for _ in range(repeats[item["label"]] if "label" in item else 1)]
