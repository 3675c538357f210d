# SPDX-License-Identifier: Apache-2.0
"""A table of one's own: diagnoses under other names than ours, and whose image each one is."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import CLASS_NAMES
from .diagnosis_csv import COLUMNS, label_of
from .errors import DataError, Problems, name_some
from .image_files import has_image_suffix
from .own_csv import Row, read_rows, require_once

_DIAGNOSIS = "diagnosis"
_UNKNOWN = ("", "-", "?", "na", "n/a", "nan", "none", "null", "unknown")  # no name of a group, in any case


@dataclass(frozen=True)
class OwnTable:
    """Where a table says what.

    Args:
        path: a CSV file in UTF-8 with a header; further columns are fine.
        image: column of the images' names, with or without extension.
        diagnosis: column of the diagnoses. None: ``diagnosis``, else the challenge's two columns, else none is known.
        names: how the table calls nevus, melanoma and seborrheic keratosis, in any case; several names of one with bars
            between them (``melanoma in situ|melanoma invasive``).
        group: column of what must not be on two sides of a split (patient, lesion); None where each image stands
            for itself.

    Raises:
        DataError: not names for three, or one that stands for two.
    """

    path: Path
    image: str = COLUMNS[0]
    diagnosis: str | None = None
    names: tuple[str, ...] = CLASS_NAMES
    group: str | None = None

    def __post_init__(self) -> None:
        if len(self.names) != len(CLASS_NAMES) or len(self.label_of) != sum(name.count("|") + 1 for name in self.names):
            raise DataError(f"names must be three different ones, for {', '.join(CLASS_NAMES)}; got {list(self.names)}")

    @property
    def label_of(self) -> dict[str, int]:
        """The class of each name, in small letters."""
        each = ((label, name.split("|")) for label, name in enumerate(self.names))
        return {name.strip().lower(): label for label, names in each for name in names}


def read_own_table(
    table: OwnTable, images: Mapping[str, Path], problems: Problems
) -> tuple[dict[Path, int], dict[Path, str]]:
    """The class and the group of each image that the table knows, by the image's name with or without ending.

    Folders before a name may be those of another machine, but not those of another image. A diagnosis by another name
    than the three leaves the class unknown, and is noted with its count.

    Raises:
        DataError: what :func:`read_rows` refuses, an image with two rows, no image or no diagnosis that is known.
    """
    columns = {"image": table.image, "diagnosis": table.diagnosis, "group": table.group}
    header, rows = read_rows(table.path, {option: name for option, name in columns.items() if name is not None})
    row_of = _row_of(table, [row for row in rows if row[table.image]], images)
    bare = [name for name, path in images.items() if path not in row_of]
    if bare:
        problems.note(f"{len(bare)} images have no row in {table.path.name}", bare)
    return _labels(table, header, row_of, problems), _groups(table, row_of, problems)


def _row_of(table: OwnTable, rows: list[Row], images: Mapping[str, Path]) -> dict[Path, Row]:
    row_of: dict[Path, Row] = {}
    twice: list[str] = []
    folders = _folders(images)
    for row in rows:
        path = _image_of(row[table.image], images, folders)
        if path is not None and row_of.setdefault(path, row) is not row:
            twice.append(row[table.image])
    if twice:
        raise DataError(f"{table.path}: {name_some(twice)} stand in several rows; keep one of each")
    if not row_of:
        told = name_some((row[table.image] for row in rows), 3)
        raise DataError(
            f"{table.path}: its column {table.image} ({told}) names none of the images "
            f"({name_some(images, 3)}); spell them as the files, or name another column with --image_column"
        )
    return row_of


def _image_of(name: str, images: Mapping[str, Path], folders: Collection[str]) -> Path | None:
    """By all of the name, then without its folders one after the other, as other machines have them."""
    parts = re.split(r"[\\/]+", name)
    for start in range(len(parts)):
        path = images.get(_without_ending(name if start == 0 else "/".join(parts[start:])))
        if path is not None:
            return path if _lies_in(path, parts[:start], folders) else None
    return None


def _lies_in(path: Path, told: Sequence[str], folders: Collection[str]) -> bool:
    """Whether the folders that a table tells may be those of an image: none of them is another one's."""
    for own, other in zip(reversed(path.parent.parts), reversed(told)):
        if own != other:
            return other not in folders
    return True


def _folders(images: Mapping[str, Path]) -> set[str]:
    """Names of the folders below the one that all images lie in."""
    parents = {path.parent for path in images.values()}
    root = Path(os.path.commonpath(parents))
    return {part for parent in parents for part in parent.relative_to(root).parts}


def _without_ending(name: str) -> str:
    return Path(name).with_suffix("").as_posix() if has_image_suffix(name) else name


def _labels(table: OwnTable, header: list[str], row_of: Mapping[Path, Row], problems: Problems) -> dict[Path, int]:
    if table.diagnosis is not None or _DIAGNOSIS in header:
        require_once(table.path, header, table.diagnosis or _DIAGNOSIS)
        return _named(table, table.diagnosis or _DIAGNOSIS, row_of, problems)
    if set(COLUMNS[1:]) <= set(header):
        for column in COLUMNS[1:]:
            require_once(table.path, header, column)
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
    ours = table.label_of
    told = {path: row[column] for path, row in row_of.items() if row[column]}
    found = {path: ours[name.lower()] for path, name in told.items() if name.lower() in ours}
    others = Counter(name for path, name in told.items() if path not in found)
    if not found and (others or table.diagnosis is not None):
        raise DataError(
            f"{table.path}: {column} holds {name_some(others) or 'nothing'}, and none of {', '.join(table.names)}; "
            "say with --names how it calls nevus, melanoma and seborrheic keratosis, or name another --diagnosis_column"
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
    spelt = {(name.casefold(), name) for name in groups.values()}
    counts = Counter(folded for folded, _ in spelt)
    alike = sorted(name for folded, name in spelt if counts[folded] > 1)
    if alike:
        problems.note(f"{table.group} differs in capitals alone, which makes different groups", alike)
    return groups
