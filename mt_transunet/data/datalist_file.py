# SPDX-License-Identifier: Apache-2.0
"""A ``datalist.json`` that names every file: the form for data that fits no other layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .errors import DataError, Problems
from .items import SPLITS, Item, make_item, named_apart

NAME = "datalist.json"
WHOLE = False  # knows its own splits
_KEYS = {"mask": ("segmentation", "seg"), "label": ("diagnosis", "class", "dx"), "group": ("patient", "patient_id")}
_MISNAMED = {name: key for key, names in _KEYS.items() for name in (key, *names)}
REMEDY = f"the lists that are read are called {', '.join(SPLITS.values())}"


def find(root: Path) -> Path | None:
    """The file: ``root/datalist.json``, or ``root`` itself when it is a JSON file."""
    path = root if root.suffix.lower() == ".json" else root / NAME
    return path if path.is_file() else None


def splits(found: Path) -> list[str]:
    """The splits that list at least one image.

    Raises:
        DataError: the file has lists, and none of them is a split.
    """
    lists = _load(found)
    here = [split for split in SPLITS.values() if lists.get(split)]
    if not here and (others := _other_lists(lists)):
        raise DataError(f"{found} holds no split but {', '.join(others)}; {REMEDY}")
    return here


def read(found: Path, split: str, problems: Problems) -> list[Item]:
    """The items of one split; paths are relative to the file.

    ``label`` is 0 nevus, 1 melanoma, 2 seborrheic keratosis. A ``label`` that is a path, MONAI Label's
    form, is the mask of an image of unknown class. ``image_id`` defaults to the file's stem, in a test
    split to as much of its path as tells images of one name apart. Items of one ``group`` (a patient, a lesion) are of
    one fold.
    Refused: a file that is not there, any other label, an item without ``image``.
    """
    if others := _other_lists(_load(found)):
        problems.note(f"{found}: lists of another name than a split's are passed over", others, REMEDY)
    items = [item for item in _items(found, split, problems) if item is not None]
    absent = {
        item[role]: f"{role} {item[role]}"
        for item in items
        for role in ("image", "mask")
        if role in item and not Path(item[role]).is_file()
    }
    if absent:
        remedy = f"correct the paths, which are relative to {found.parent}, or remove the items"
        problems.refuse(f"{found}: {split} names files that do not exist", list(absent.values()), remedy)
    return [item for item in items if not {item["image"], item.get("mask")} & absent.keys()]


def images(found: Path) -> list[str]:
    """Every image that the file names, whether or not it is there; masks and labels may be wrong.

    Raises:
        DataError: an item does not say which image it is of.
    """
    problems = Problems(strict=False)
    items = [item for split in splits(found) for item in _items(found, split, problems)]
    if None in items:
        raise DataError(problems.refused[0].line())
    return [item["image"] for item in items if item is not None]


def _items(found: Path, split: str, problems: Problems) -> list[Item | None]:
    """None stands for an item that is refused as a whole."""
    entries = _load(found).get(split, [])
    if not isinstance(entries, list):
        raise DataError(f"{found}: {split} must be a list of items, got {type(entries).__name__}")
    items = [_item(entry, f"{found}: {split}[{index}]", found.parent, problems) for index, entry in enumerate(entries)]
    if split != "test":
        return items
    given = [isinstance(entry, dict) and entry.get("image_id") is not None for entry in entries]
    named_apart([item for item, has_id in zip(items, given) if item is not None and not has_id])
    return items


def _item(entry: Any, place: str, folder: Path, problems: Problems) -> Item | None:
    entry = {"image": entry} if isinstance(entry, str) else entry
    if not isinstance(entry, dict) or not isinstance(entry.get("image"), str):
        problems.refuse(f"{place} must be an object with an image path, got {entry!r}", remedy="correct the item")
        return None
    for key, meant in ((key, _MISNAMED.get(key.lower())) for key in entry):
        if meant is not None and key != meant and meant not in entry:
            problems.note(
                f"{place.partition('[')[0]}: the key {key} is passed over", remedy=f"write {meant} if that is meant"
            )
    image, mask, label = entry["image"], entry.get("mask"), entry.get("label")
    if isinstance(label, str) and not Path(label).suffix and not (folder / label).is_file():
        remedy = "give the class as 0, 1 or 2, or the path of a mask"
        problems.refuse(f"{place}: label of {image} is {label!r}", remedy=remedy)
        label = None
    if isinstance(label, str):
        if mask not in (None, label):
            problems.refuse(f"{place} has two masks, {mask} and {label}", remedy="give the class as 0, 1 or 2")
        mask, label = label, None
    if mask is not None and not isinstance(mask, str):
        problems.refuse(f"{place}: mask of {image} must be a path, got {mask!r}", remedy="correct the item")
        mask = None
    if not _is_class(label):
        problems.refuse(f"{place}: label of {image} must be 0, 1 or 2, got {label!r}", remedy="correct the item")
        label = None

    image_id, group = entry.get("image_id"), entry.get("group")
    return make_item(
        folder / image,
        mask=None if mask is None else folder / mask,
        label=None if label is None else int(label),
        image_id=None if image_id is None else str(image_id),
        group=None if group is None else str(group),
    )


def _other_lists(lists: dict[str, Any]) -> list[str]:
    """Names that hold images as a split does, such as "train" or "testing"."""
    return [
        name
        for name, entries in lists.items()
        if name not in SPLITS.values()
        and isinstance(entries, list)
        and any(isinstance(entry, dict) and "image" in entry for entry in entries)
    ]


def _is_class(label: Any) -> bool:
    return label is None or (isinstance(label, (int, float)) and not isinstance(label, bool) and label in (0, 1, 2))


def _load(path: Path) -> dict[str, Any]:
    try:
        lists = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:  # covers undecodable text as well as bad JSON
        raise DataError(f"{path} is not valid JSON ({error}); correct the file") from error
    if not isinstance(lists, dict):
        raise DataError(f"{path} must be an object with the lists {', '.join(SPLITS.values())}; correct the file")
    return lists
