# SPDX-License-Identifier: Apache-2.0
"""The challenge's table of diagnoses: ``image_id,melanoma,seborrheic_keratosis``, one 0 or 1 each."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from .errors import Problems
from .image_files import has_image_suffix

COLUMNS = ("image_id", "melanoma", "seborrheic_keratosis")


def read_diagnoses(path: Path, problems: Problems) -> dict[str, int | None] | None:
    """Read the table as id -> class: 0 nevus (both columns 0), 1 melanoma, 2 seborrheic keratosis.

    A refused row keeps its id with the class None; a table without the columns is None altogether.

    A byte-order mark, CRLF, quotes, blank lines, further columns and any case of the header are fine.
    Refused, each by name: a quote that never closes, a missing column, an id that occurs twice, a value outside {0, 1},
    both 1.
    """
    try:
        header, found = _read(path)
    except csv.Error as error:  # a quote that never closes
        problems.refuse(f"{path} is no CSV ({error})", remedy="close its quotes")
        return None
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        problems.refuse(
            f"{path}: missing column {' and '.join(missing)} (found: {', '.join(header) or 'none'})",
            remedy=f"the first line must be {','.join(COLUMNS)}, separated by commas",
        )
        return None
    rows = [{column: (row[column] or "").strip() for column in COLUMNS} for row in found]

    labels: dict[str, int | None] = {}
    for row in rows:
        image_id = row["image_id"]
        if not any(row.values()):
            continue
        if image_id in labels:
            problems.refuse(f"{path}: duplicate id {image_id}", remedy="keep one row per image")
            continue
        labels[image_id] = label_of(row, path, problems)
    return labels


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.DictReader(file, skipinitialspace=True, strict=True)
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
        return list(reader.fieldnames), list(reader)


def label_of(row: Mapping[str, str], path: Path, problems: Problems) -> int | None:
    """The class of one row, by its two columns; None where these are refused."""
    values = []
    for column in COLUMNS[1:]:
        try:
            value = float(row[column])
        except ValueError:
            value = float("nan")
        if value not in (0.0, 1.0):
            problems.refuse(
                f"{path}: {column} of {row['image_id']} must be 0 or 1, got {row[column]!r}",
                remedy="correct the row or remove it together with its image",
            )
            return None
        values.append(int(value))
    if all(values):
        problems.refuse(
            f"{path}: {row['image_id']} is both melanoma and seborrheic_keratosis (both labels 1)",
            remedy="at most one of the two columns may be 1, both 0 is a nevus",
        )
        return None
    return values[0] + 2 * values[1]


def rows_of(images: list[Path], names: Iterable[str]) -> dict[Path, str | None]:
    """The row that speaks of each image, found by file name, then by stem (an id may carry an extension or not)."""
    known = set(names)
    by_stem = {Path(name).stem if has_image_suffix(name) else name: name for name in known}
    return {path: path.name if path.name in known else by_stem.get(path.stem) for path in images}


def match_diagnoses(
    images: list[Path], labels: dict[str, int | None], *, table: Path, problems: Problems, wider: bool = False
) -> dict[Path, int]:
    """The label of each image, as :func:`rows_of` finds it.

    Refused: a row whose image is not there and an image without a row, unless the table is ``wider``
    than the images, that is, was written for a folder above them.
    """
    rows = rows_of(images, labels)
    if not wider:
        without_row = [path.stem for path in images if rows[path] is None]
        if without_row:
            problems.refuse(
                f"unknown id: {table} has no row for {len(without_row)} images",
                without_row,
                "add the rows or remove the images",
            )
        used = set(rows.values())
        without_image = [name for name in labels if name not in used]
        if without_image:
            problems.refuse(
                f"unknown id: {len(without_image)} ids of {table} have no image",
                without_image,
                "remove the rows or restore the images",
            )
    found = {path: labels[row] for path, row in rows.items() if row is not None}
    return {path: label for path, label in found.items() if label is not None}
