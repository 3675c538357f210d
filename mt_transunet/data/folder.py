# SPDX-License-Identifier: Apache-2.0
"""Any folder of images, searched recursively, with or without a ``labels.csv``."""

from __future__ import annotations

from pathlib import Path

from .diagnosis_csv import match_diagnoses, read_diagnoses
from .errors import Problems
from .image_files import holds_images, images_under
from .items import Item, make_item, named_apart

NAME = "folder of images"
WHOLE = True  # knows no splits
LABELS_NAME = "labels.csv"


def find(root: Path) -> Path | None:
    """``root`` when any image lies below it."""
    return root if root.is_dir() and holds_images(root) else None


def splits(found: Path) -> list[str]:
    """Always the test split."""
    return ["test"]


def read(found: Path, split: str, problems: Problems) -> list[Item]:
    """All images below ``found`` as items without masks, the same for every ``split`` but for their ids.

    The class of an image comes from the ``labels.csv`` nearest above it. Inside ``found`` such a table
    and its images must match one to one; a table one folder above ``found`` may know more, or less.
    """
    images = images_under(found)
    if not images:
        problems.refuse(f"{found} is empty: all its images are masks or overlays", remedy="give the folder of images")
    groups: dict[Path | None, list[Path]] = {}
    for path in images:
        groups.setdefault(_table_of(path, found), []).append(path)

    labels: dict[Path, int] = {}
    refused = len(problems.refused)
    for table, members in groups.items():
        if table is not None:
            known = read_diagnoses(table, problems)
            outside = table.parent == found.parent
            if known is not None:
                labels |= match_diagnoses(members, known, table=table, problems=problems, wider=outside)
    if not labels and len(problems.refused) == refused:
        problems.lack(f"{found}: no diagnoses ({LABELS_NAME} is not there, or names none of the images)")
    items = [make_item(path, label=labels.get(path)) for path in images]
    return items if split == "training" else named_apart(items)


def _table_of(image: Path, found: Path) -> Path | None:
    for folder in image.parents:
        table = folder / LABELS_NAME
        if table.is_file():
            return table
        if folder == found.parent:
            return None
    return None
