# SPDX-License-Identifier: Apache-2.0
"""The rows of a CSV file as spreadsheets and people write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from .errors import DataError, name_some

__all__ = ["Row", "read_rows"]

Row = dict[str, str]

_DELIMITERS = (",", ";", "\t", "|")  # some spreadsheets write the second where the comma is the decimal sign
_DECLARED = "sep="  # their first line then, which is no header


def read_rows(path: Path, wanted: Mapping[str, str]) -> tuple[list[str], list[Row]]:
    """Header and rows; cells without the blanks around them, empty rows left out, missing cells empty.

    Args:
        path: in UTF-8, of commas, semicolons, tabs or bars.
        wanted: option -> the column it names. The delimiter is the one that finds them all.

    Raises:
        DataError: not UTF-8, a wanted column that is not there or stands there twice, a row with more cells than the
            header.
    """
    text = _text(path)
    first, _, rest = text.partition("\n")
    if first.lower().startswith(_DECLARED):
        delimiter, text = first[len(_DECLARED) :].strip("\r") or ",", rest
    else:
        delimiter = max(
            _DELIMITERS, key=lambda each: (set(wanted.values()) <= set(_header(text, each)), first.count(each))
        )
    header = _header(text, delimiter)
    for option, column in wanted.items():
        if column not in header:
            found = ", ".join(header) or "none"
            raise DataError(f"{path}: no column {column} (found: {found}); give --{option}_column")
        if header.count(column) > 1:
            raise DataError(f"{path}: {header.count(column)} columns are called {column}; rename or remove all but one")
    return header, _rows(path, header, _cells(text, delimiter)[1:])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not in UTF-8 ({error.reason}); save it as CSV UTF-8") from error


def _cells(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    return [[cell.strip() for cell in cells] for cells in reader]


def _header(text: str, delimiter: str) -> list[str]:
    return next(iter(_cells(text.partition("\n")[0], delimiter)), [])


def _rows(path: Path, header: list[str], table: list[list[str]]) -> list[Row]:
    longer = [str(line) for line, cells in enumerate(table, start=2) if any(cells[len(header) :])]
    if longer:
        raise DataError(
            f"{path}: rows with more cells than the header's {len(header)}: {name_some(longer)}; put quotes around a "
            "cell that holds the delimiter"
        )
    filled = [cells + [""] * (len(header) - len(cells)) for cells in table if any(cells)]
    return [dict(zip(header, cells)) for cells in filled]
