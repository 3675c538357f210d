# SPDX-License-Identifier: Apache-2.0
"""Rows of the CSV files that runs write, read with patience: a killed run may leave its last line cut short."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file with a header, every cell text; missing cells are empty."""
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        return [{key: value or "" for key, value in row.items() if key is not None} for row in csv.DictReader(file)]


def number(cell: Any) -> float | None:
    """The finite number a cell holds, None where it is empty, text, NaN or infinite."""
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def typed(row: dict[str, str]) -> dict[str, Any]:
    """The row with whole numbers, fractions, True and False as such and empty cells as None; names stay text."""
    return {key: _typed_cell(key, value) for key, value in row.items()}


def _typed_cell(key: str, cell: str) -> Any:
    # An identifier such as 0012 is no number.
    if key in ("image", "image_id", "group", "mask", "overlay"):
        return cell or None
    if cell in ("True", "False"):
        return cell == "True"
    value = number(cell)
    if value is None:
        return None if cell.strip().lower() in ("", "nan", "none") else cell
    return int(value) if cell.strip().lstrip("-").isdigit() else value
