# SPDX-License-Identifier: Apache-2.0
"""A table of one's own: diagnoses under other names than ours, and whose image each one is."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .. import CLASS_NAMES
from .diagnosis_csv import COLUMNS, read_diagnoses, rows_of
from .errors import DataError, Problems, name_some

Rows = dict[str, dict[str, str]]

_DELIMITERS = (",", ";", "\t")  # some spreadsheets write the second where the comma is the decimal sign


@dataclass(frozen=True)
class OwnTable:
    """Where a table says what.

    Args:
        path: a CSV file with a header, of commas, semicolons or tabs; further columns are fine.
        image: column of the images' names, with or without extension.
        diagnosis: column of the diagnoses. A table without it may have the challenge's two columns instead.
        names: how the table calls nevus, melanoma and seborrheic keratosis, in any case.
        group: column of what must not be on two sides of a split (patient, lesion); None where each image stands
            for itself.
    """

    path: Path
    image: str = COLUMNS[0]
    diagnosis: str = "diagnosis"
    names: tuple[str, ...] = CLASS_NAMES
    group: str | None = None


def read_own_table(table: OwnTable, images: list[Path], problems: Problems) -> tuple[dict[Path, int], dict[Path, str]]:
    """The class and the group of each image that the table knows.

    A diagnosis by another name than the three leaves the class unknown, and is noted with its count.

    Raises:
        DataError: a column that is not there, an image with two rows, no image or no diagnosis that is known.
    """
    rows = _rows(table)
    row_of = {image: rows[name] for image, name in rows_of(images, rows).items() if name is not None}
    if not row_of:
        raise DataError(
            f"{table.path}: its column {table.image} ({name_some(rows, 3)}) names none of the images "
            f"({name_some((path.name for path in images), 3)}); name another with --image_column"
        )
    bare = [path.name for path in images if path not in row_of]
    if bare:
        problems.note(f"{len(bare)} images have no row in {table.path.name}; their diagnosis is unknown", bare)
    groups = {image: row[table.group] for image, row in row_of.items() if table.group and row[table.group]}
    if table.diagnosis not in next(iter(rows.values())):
        labels = read_diagnoses(table.path, problems) or {}
        found = {path: labels.get(name) for path, name in rows_of(images, labels).items() if name is not None}
        return {path: label for path, label in found.items() if label is not None}, groups
    return _classes(table, row_of, problems), groups


def _rows(table: OwnTable) -> Rows:
    with open(table.path, encoding="utf-8-sig", errors="replace", newline="") as file:
        header = file.readline()
        file.seek(0)
        delimiter = max(_DELIMITERS, key=header.count)
        reader = csv.DictReader(file, delimiter=delimiter, skipinitialspace=True, restval="")
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        _require(table, list(reader.fieldnames))
        rows = [{key: value.strip() for key, value in row.items() if isinstance(value, str)} for row in reader]
    named = [row for row in rows if row[table.image]]
    counts = Counter(row[table.image] for row in named)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise DataError(f"{table.path}: {len(twice)} images have several rows: {name_some(twice)}; keep one of each")
    return {row[table.image]: row for row in named}


def _require(table: OwnTable, header: list[str]) -> None:
    wanted = {"--image_column": table.image, "--group_column": table.group}
    if not set(COLUMNS[1:]) <= set(header):
        wanted["--diagnosis_column"] = table.diagnosis
    for option, column in wanted.items():
        if column is not None and column not in header:
            raise DataError(f"{table.path}: no column {column} (found: {', '.join(header) or 'none'}); give {option}")


def _classes(table: OwnTable, row_of: dict[Path, dict[str, str]], problems: Problems) -> dict[Path, int]:
    ours = {name.lower(): label for label, name in enumerate(table.names)}
    told = {path: row[table.diagnosis] for path, row in row_of.items() if row[table.diagnosis]}
    found = {path: ours[name.lower()] for path, name in told.items() if name.lower() in ours}
    others = Counter(name for path, name in told.items() if path not in found)
    if others and not found:
        raise DataError(
            f"{table.path}: {table.diagnosis} holds {name_some(others)}, and none of {', '.join(table.names)}; "
            "say with --names how it calls nevus, melanoma and seborrheic keratosis"
        )
    if others:
        counts = [f"{name} {count}" for name, count in others.most_common()]
        problems.note(f"{others.total()} images have another diagnosis, so that their class counts as unknown", counts)
    return found
