# SPDX-License-Identifier: Apache-2.0
"""The rows of a CSV file as spreadsheets and people write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from .errors import DataError, name_some

__all__ = ["Row", "read_rows", "require_once"]

Row = dict[str, str]

_DELIMITERS = (",", ";", "\t", "|")  # some spreadsheets write the second where the comma is the decimal sign
_DECLARED = "sep="  # their first line then, which is no header


def read_rows(path: Path, wanted: Mapping[str, str]) -> tuple[list[str], list[Row]]:
    """Header and rows; cells without the blanks around them, empty rows left out, missing cells empty.

    Args:
        path: in UTF-8, of commas, semicolons, tabs or bars.
        wanted: option -> the column it names. The delimiter is the one that finds them all.

    Raises:
        DataError: not UTF-8, quotes that never close, a wanted column that is not there or stands there twice, a row
            with more cells than the header.
    """
    text = _text(path)
    first = text.partition("\n")[0]
    if first.lower().startswith(_DECLARED):
        delimiter = first[len(_DECLARED) :].strip("\r") or ","
        text = text[len(first) :]  # an empty line in its place keeps the numbers of the others
    else:
        delimiter = max(_DELIMITERS, key=lambda each: (set(wanted.values()) <= _header(text, each), first.count(each)))
    numbered = [row for row in _cells(path, text, delimiter) if any(row[1])]
    header = numbered[0][1] if numbered else []
    for option, column in wanted.items():
        if column not in header:
            found = ", ".join(header) or "none"
            raise DataError(f"{path}: no column {column} (found: {found}); give --{option}_column")
        require_once(path, header, column)
    return header, _rows(path, header, numbered[1:])


def require_once(path: Path, header: list[str], column: str) -> None:
    """Refuse a column that stands there twice, of which either may be meant.

    Raises:
        DataError: naming it.
    """
    if header.count(column) > 1:
        raise DataError(f"{path}: {header.count(column)} columns are called {column}; rename or remove all but one")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not in UTF-8 ({error.reason}); save it as CSV UTF-8") from error


def _cells(path: Path, text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """The line each row ends on, and its cells; a cell may hold line breaks."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    try:
        return [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise DataError(f"{path}: line {reader.line_num} is no CSV ({error}); close its quotes") from error


def _header(text: str, delimiter: str) -> set[str]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    try:
        return {cell.strip() for cell in next(reader, [])}
    except csv.Error:  # said when the rows are read
        return set()


def _rows(path: Path, header: list[str], numbered: list[tuple[int, list[str]]]) -> list[Row]:
    longer = [str(line) for line, cells in numbered if any(cells[len(header) :])]
    if longer:
        raise DataError(
            f"{path}: lines with more cells than the header's {len(header)}: {name_some(longer)}; put quotes around a "
            "cell that holds the delimiter"
        )
    filled = [cells + [""] * (len(header) - len(cells)) for _, cells in numbered]
    return [dict(zip(header, cells)) for cells in filled]
