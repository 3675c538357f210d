# SPDX-License-Identifier: Apache-2.0
"""Writes a ``datalist.json`` of images, masks and a table that follow nobody's layout but their owner's."""

from __future__ import annotations

import hashlib
import os
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
) -> DataReport:
    """Match images with masks and diagnoses, split them, and write the list; says what it found.

    The side of an image follows from the hash of its group (or of its own name) alone, so that it stays where it is
    when images are added, and the shares are met only about.

    Args:
        images: folder, searched with all below it.
        file: to write; its paths start from its folder.
        masks: folder of the masks, searched likewise; may be the same or lie in it.
        table: diagnoses and groups.
        validation: share of the groups to validate on.
        test: share of the groups to keep for a test.

    Raises:
        DataError: a folder that is not there, a file that is there already, shares that leave nothing to train on, or
            what :func:`find_images`, :func:`find_masks` and :func:`read_own_table` refuse.
    """
    _check(images, masks, file, validation, test)
    problems = Problems(strict=False)
    paths = find_images(images, masks)
    mask_of = find_masks(masks, paths, problems) if masks is not None else {}
    labels, groups = read_own_table(table, paths, problems) if table is not None else ({}, {})
    if problems.refused:
        raise DataError("\n".join(problem.line() for problem in problems.refused))
    lists: dict[str, list[Item]] = {name: [] for name in SPLITS.values()}
    for path in paths:
        side = _side(groups.get(path, canonical_id(path.stem)), validation, test)
        item = make_item(path, mask=mask_of.get(path), label=labels.get(path), group=groups.get(path))
        lists[side].append(item)
    _check_sides(lists, {"validation": validation, "test": test})
    _note_missing(lists, problems)
    write_json(file, {side: [_entry(item, file.parent) for item in items] for side, items in lists.items()})
    splits = {side: SplitSummary.of(items) for side, items in lists.items()}
    return DataReport(found=[f"{file} written"], splits=splits, notes=problems.noted)


def _check(images: Path, masks: Path | None, file: Path, validation: float, test: float) -> None:
    for folder in (images, masks):
        if folder is not None and not folder.is_dir():
            raise DataError(f"there is no folder {folder}")
    if file.suffix.lower() != ".json":
        raise DataError(f"{file}: the list's name must end in .json, such as datalist.json")
    if file.exists():
        raise DataError(f"{file} is there already; remove it, or give another name")
    if min(validation, test) < 0 or validation + test >= 1:
        raise DataError(f"shares of {validation} to validate and {test} to test on leave nothing to train on")


def _side(group: str, validation: float, test: float) -> str:
    drawn = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") / 2**64
    if drawn < test:
        return "test"
    return "validation" if drawn < test + validation else "training"


def _check_sides(lists: Mapping[str, list[Item]], shares: Mapping[str, float]) -> None:
    for side, share in {**shares, "training": 1.0}.items():
        if share and not lists[side]:
            items = [item for items in lists.values() for item in items]
            groups = len({item.get("group", item["image_id"]) for item in items})
            raise DataError(
                f"none of {groups} groups of {len(items)} images fell to {side}; give another share, or more images"
            )


def _note_missing(lists: Mapping[str, list[Item]], problems: Problems) -> None:
    """A side without one of the three diagnoses, where others are known."""
    for side, items in lists.items():
        known = {item["label"] for item in items if "label" in item}
        missing = [name for label, name in enumerate(CLASS_NAMES) if label not in known]
        if known and missing:
            problems.note(f"{side} holds no {' and no '.join(missing)}: nothing can be learned or measured of it there")


def _entry(item: Item, folder: Path) -> Item:
    relative = {key: Path(os.path.relpath(item[key], folder)).as_posix() for key in ("image", "mask") if key in item}
    return {**relative, **{key: item[key] for key in ("label", "group") if key in item}}
