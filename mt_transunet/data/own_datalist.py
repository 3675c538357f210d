# SPDX-License-Identifier: Apache-2.0
"""Writes a ``datalist.json`` of images, masks and a table that follow nobody's layout but their owner's."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from .. import CLASS_NAMES
from ..atomic import write_json
from .data_report import DataReport, SplitSummary
from .errors import DataError, Problems
from .items import SPLITS, Item, canonical_id, make_item
from .own_masks import find_images, find_masks
from .own_table import OwnTable, read_own_table

__all__ = ["write_datalist"]


def write_datalist(
    images: Path,
    file: Path,
    *,
    masks: Path | None = None,
    table: OwnTable | None = None,
    validation: float = 0.2,
    test: float = 0.0,
    seed: int = 0,
    overwrite: bool = False,
) -> DataReport:
    """Match images with masks and diagnoses, split them, and write the list; says what it found.

    The side of an image follows from the hash of its group (or of its own name) alone, so that it stays where it is
    when images are added, and the shares are met only about. Validation takes one end of the hashes and test the other:
    no other share makes a test image of one that was validated on, as long as both together are not more than all.

    Args:
        images: folder, searched with all below it.
        file: to write; its paths start from its folder.
        masks: folder of the masks, searched likewise; may be the same or lie in it.
        table: diagnoses and groups.
        validation: share of the groups to validate on.
        test: share of the groups to keep for a test; 1 for a list to evaluate only.
        seed: another one draws other sides.
        overwrite: whether a list that is there is replaced.

    Raises:
        DataError: a folder that is not there, a file that is there already, shares that cannot be, or what
            :func:`find_images`, :func:`find_masks` and :func:`read_own_table` refuse.
    """
    _check(images, masks, table, validation, test)
    _check_file(file, overwrite)
    problems = Problems(strict=False)
    found = find_images(images, masks, problems)
    mask_of = find_masks(masks, found, problems) if masks is not None else {}
    labels, groups = read_own_table(table, found, problems) if table is not None else ({}, {})
    problems.raise_refused()
    lists: dict[str, list[Item]] = {name: [] for name in SPLITS.values()}
    for name, path in found.items():
        side = _side(f"{seed} {groups.get(path, canonical_id(name))}", validation, test)
        known = {"mask": mask_of.get(path), "label": labels.get(path), "group": groups.get(path)}
        lists[side].append(make_item(path, image_id=name, **known))
    _check_sides(lists, {"validation": validation, "test": test})
    _note_groups(table, groups, problems)
    _note_missing(lists, problems)
    write_json(file, {side: [_entry(item, file.parent) for item in items] for side, items in lists.items()})
    splits = {side: SplitSummary.of(items) for side, items in lists.items()}
    return DataReport(found=[f"{file} written"], splits=splits, notes=problems.noted)


def _check(images: Path, masks: Path | None, table: OwnTable | None, validation: float, test: float) -> None:
    for folder in (images, masks):
        if folder is not None and not folder.is_dir():
            raise DataError(f"{folder} is {'a file, no folder' if folder.exists() else 'not there'}; give a folder")
    if table is not None and not table.path.is_file():
        raise DataError(
            f"{table.path} is {'a folder, no table' if table.path.exists() else 'not there'}; give a CSV file"
        )
    if min(validation, test) < 0 or validation + test > 1:
        raise DataError(f"shares lie between 0 and 1 and are at most 1 together, got {validation} and {test}")


def _check_file(file: Path, overwrite: bool) -> None:
    if file.suffix.lower() != ".json":
        raise DataError(f"{file}: the list's name must end in .json, such as datalist.json")
    if file.exists() and not overwrite:
        raise DataError(f"{file} is there already; give another name, or --overwrite")


def _side(group: str, validation: float, test: float) -> str:
    drawn = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") / 2**64
    if drawn < validation:
        return "validation"
    return "test" if drawn >= 1 - test else "training"


def _check_sides(lists: Mapping[str, list[Item]], shares: Mapping[str, float]) -> None:
    for side, share in {**shares, "training": 1 - sum(shares.values())}.items():
        if share > 1e-9 and not lists[side]:
            items = [item for items in lists.values() for item in items]
            groups = len({item.get("group", item["image_id"]) for item in items})
            raise DataError(
                f"none of {len(items)} images in {groups} groups fell to {side}; give another share (0 for none), or "
                "another --seed"
            )


def _note_groups(table: OwnTable | None, groups: Mapping[Path, str], problems: Problems) -> None:
    if groups:
        sizes = Counter(groups.values())
        largest, size = sizes.most_common(1)[0]
        problems.note(f"{len(groups)} images are of {len(sizes)} groups, the largest is {largest} with {size}")
    elif table is None or table.group is None:
        problems.note("split image by image: where a patient has several, name them in a table with --group_column")


def _note_missing(lists: Mapping[str, list[Item]], problems: Problems) -> None:
    """A side without one of the three diagnoses, where others are known."""
    for side, items in lists.items():
        known = {item["label"] for item in items if "label" in item}
        missing = [name for label, name in enumerate(CLASS_NAMES) if label not in known]
        if known and missing:
            lacking = " and no ".join(missing)
            problems.note(f"{side} holds no {lacking}: nothing is learned or measured of it there; --seed draws anew")


def _entry(item: Item, folder: Path) -> Item:
    relative = {key: Path(os.path.relpath(item[key], folder)).as_posix() for key in ("image", "mask") if key in item}
    kept = ("label", "group") if item["image_id"] == Path(item["image"]).stem else ("label", "image_id", "group")
    return {**relative, **{key: item[key] for key in kept if key in item}}
