# SPDX-License-Identifier: Apache-2.0
"""Images and masks as an annotation server lists them: ``{"image": path, "label": path of the mask}``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .checks import check_headers
from .diagnosis_csv import match_diagnoses, read_diagnoses
from .errors import DataError, Problems
from .folder import LABELS_NAME
from .items import Item, make_item

__all__ = ["annotated", "as_items"]


def annotated(items: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a list comes from an annotation server (MONAI Label): its items name masks under ``label``."""
    return any(isinstance(item.get("label"), str) for item in items)


def as_items(items: Sequence[Mapping[str, Any]]) -> list[Item]:
    """The items in this project's form; those that are so already stay as they are.

    An annotation server knows no diagnosis. A ``labels.csv`` in the folder of the images gives it, as far as it names
    them; the others take no part in the loss of the class.

    Raises:
        DataError: one of them has no mask, a file is no image, a mask has another size than its image (a server takes
            whatever it is handed), or the ``labels.csv`` is wrong.
    """
    if not annotated(items):
        return list(items)
    for item in items:
        if not isinstance(item.get("label"), str):
            raise DataError(
                f"{item.get('image')} has no mask under label, as others of this list do; save one, or leave it out"
            )
    classes = _diagnoses([Path(item["image"]) for item in items])
    found = [
        make_item(Path(item["image"]), mask=Path(item["label"]), label=classes.get(Path(item["image"])))
        for item in items
    ]
    check_headers(found, roots=[])
    return found


def _diagnoses(images: Iterable[Path]) -> dict[Path, int]:
    problems = Problems(strict=True)
    by_folder = defaultdict(list)
    for image in images:
        by_folder[image.parent].append(image)
    found: dict[Path, int] = {}
    for folder, members in by_folder.items():
        table = folder / LABELS_NAME
        known = read_diagnoses(table, problems) if table.is_file() else None
        if known:
            found |= match_diagnoses(members, known, table=table, problems=problems, wider=True)
    return found
