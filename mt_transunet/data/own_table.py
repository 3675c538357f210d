# SPDX-License-Identifier: Apache-2.0
"""A table of one's own: diagnoses under other names than ours, and whose image each one is."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .. import CLASS_NAMES
from .diagnosis_csv import COLUMNS, label_of
from .errors import DataError, Problems, name_some
from .image_files import has_image_suffix

Row = dict[str, str]

_DIAGNOSIS = "diagnosis"
_UNKNOWN = ("", "na", "n/a", "nan", "none", "null", "unknown")  # no name of a group, in any case
_DELIMITERS = (",", ";", "\t")  # some spreadsheets write the second where the comma is the decimal sign


@dataclass(frozen=True)
class OwnTable:
    """Where a table says what.

    Args:
        path: a CSV file in UTF-8 with a header, of commas, semicolons or tabs; further columns are fine.
        image: column of the images' names, with or without extension.
        diagnosis: column of the diagnoses. None: ``diagnosis``, else the challenge's two columns, else none is known.
        names: how the table calls nevus, melanoma and seborrheic keratosis, in any case.
        group: column of what must not be on two sides of a split (patient, lesion); None where each image stands
            for itself.

    Raises:
        DataError: not three different names.
    """

    path: Path
    image: str = COLUMNS[0]
    diagnosis: str | None = None
    names: tuple[str, ...] = CLASS_NAMES
    group: str | None = None

    def __post_init__(self) -> None:
        if len({name.lower() for name in self.names}) != len(CLASS_NAMES) or len(self.names) != len(CLASS_NAMES):
            raise DataError(f"names must be three different ones, for {', '.join(CLASS_NAMES)}; got {list(self.names)}")


def read_own_table(
    table: OwnTable, images: Mapping[str, Path], problems: Problems
) -> tuple[dict[Path, int], dict[Path, str]]:
    """The class and the group of each image that the table knows, by the image's name with or without ending.

    A diagnosis by another name than the three leaves the class unknown, and is noted with its count.

    Raises:
        DataError: a column that is not there, an image with two rows, no image or no diagnosis that is known.
    """
    header, rows = _read(table)
    row_of = {path: rows[name] for name, path in images.items() if name in rows}
    if not row_of:
        raise DataError(
            f"{table.path}: its column {table.image} ({name_some(rows, 3)}) names none of the images "
            f"({name_some(images, 3)}); name another with --image_column"
        )
    bare = [name for name, path in images.items() if path not in row_of]
    if bare:
        problems.note(f"{len(bare)} images have no row in {table.path.name}", bare)
    return _labels(table, header, row_of, problems), _groups(table, row_of, problems)


def _read(table: OwnTable) -> tuple[list[str], dict[str, Row]]:
    try:
        text = table.path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{table.path} is not in UTF-8 ({error.reason}); save it as CSV UTF-8") from error
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True, restval="")
    reader.fieldnames = header = [name.strip() for name in reader.fieldnames or ()]
    for option, column in {"image": table.image, "diagnosis": table.diagnosis, "group": table.group}.items():
        if column is not None and column not in header:
            found = ", ".join(header) or "none"
            raise DataError(f"{table.path}: no column {column} (found: {found}); give --{option}_column")
    rows = [{key: value.strip() for key, value in row.items() if isinstance(value, str)} for row in reader]
    named = [(_without_ending(row[table.image]), row) for row in rows if row[table.image]]
    counts = Counter(name for name, _ in named)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise DataError(f"{table.path}: {name_some(twice)} stand in several rows; keep one of each")
    return header, dict(named)


def _without_ending(name: str) -> str:
    return Path(name).with_suffix("").as_posix() if has_image_suffix(name) else name


def _labels(table: OwnTable, header: list[str], row_of: Mapping[Path, Row], problems: Problems) -> dict[Path, int]:
    if table.diagnosis is not None or _DIAGNOSIS in header:
        return _named(table, table.diagnosis or _DIAGNOSIS, row_of, problems)
    if set(COLUMNS[1:]) <= set(header):
        named = {path: {**row, COLUMNS[0]: row[table.image]} for path, row in row_of.items()}
        labels = {path: label_of(row, table.path, problems) for path, row in named.items()}
        return {path: label for path, label in labels.items() if label is not None}
    if table.group is None:
        raise DataError(f"{table.path}: no column {_DIAGNOSIS} (found: {', '.join(header)}); give --diagnosis_column")
    problems.note(
        f"{table.path.name} has no column {_DIAGNOSIS}, so that no class is known; --diagnosis_column names one"
    )
    return {}


def _named(table: OwnTable, column: str, row_of: Mapping[Path, Row], problems: Problems) -> dict[Path, int]:
    ours = {name.lower(): label for label, name in enumerate(table.names)}
    told = {path: row[column] for path, row in row_of.items() if row[column]}
    found = {path: ours[name.lower()] for path, name in told.items() if name.lower() in ours}
    others = Counter(name for path, name in told.items() if path not in found)
    if others and not found:
        raise DataError(
            f"{table.path}: {column} holds {name_some(others)}, and none of {', '.join(table.names)}; "
            "say with --names how it calls nevus, melanoma and seborrheic keratosis"
        )
    if others:
        counts = [f"{name} {count}" for name, count in others.most_common()]
        problems.note(f"{others.total()} images have another diagnosis, so that their class counts as unknown", counts)
    return found


def _groups(table: OwnTable, row_of: Mapping[Path, Row], problems: Problems) -> dict[Path, str]:
    if table.group is None:
        return {}
    groups = {path: row[table.group] for path, row in row_of.items() if row[table.group].lower() not in _UNKNOWN}
    alone = [path.name for path in row_of if path not in groups]
    if alone:
        problems.note(f"{len(alone)} images have no {table.group}, so that each stands for itself", alone)
    return groups
