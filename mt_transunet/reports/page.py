# SPDX-License-Identifier: Apache-2.0
"""One self-contained HTML file: style, pictures and script inside, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from mt_transunet.atomic import write_bytes
from mt_transunet.reports.blocks import Figure, Picture, Section, Table
from mt_transunet.reports.pictures import data_uri

_DASH = "\N{EN DASH}"


def write_page(path: str | Path, *, title: str, facts: Mapping[str, Any], sections: Sequence[Section]) -> Path:
    """Write a page, in one step: a reader sees the old file or the whole new one.

    Args:
        path: of the HTML file.
        title: heading and window title.
        facts: the few names and values shown large under the title.
        sections: the rest, in order.

    Returns:
        ``path``.

    Raises:
        ValueError: a picture cannot be read.
    """
    html = _template().render(title=title, facts=facts, sections=sections)
    return write_bytes(path, html.encode())


def shown(value: Any) -> str:
    """A cell or fact as text: a dash for None, three decimals for fractions, digits in groups for large counts."""
    if value is None or value == "":
        return _DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") if abs(value) >= 10000 else str(value)
    if isinstance(value, float):
        # Three decimals would make a learning rate 0.000.
        return f"{value:.2e}" if 0 < abs(value) < 0.001 else f"{value:.3f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(item) for item in value)
    return str(value)


def _cell(value: Any) -> dict[str, Any]:
    """What the template needs of one cell: its kind, what is shown, and the key by which it sorts."""
    if isinstance(value, Picture):
        return {
            "kind": "picture",
            "uri": data_uri(value.source, long_side=value.long_side),
            "alt": value.alt,
            "key": "",
        }
    if isinstance(value, Mapping):
        bounds = [value.get("low"), value.get("high")]
        interval = "" if None in bounds else _DASH.join(map(shown, bounds))
        return {"kind": "figure", "text": shown(value["value"]), "interval": interval, "key": value["value"]}
    return {"kind": "text", "text": shown(value), "key": "" if value is None else value}


def _columns(table: Table) -> list[str]:
    return list(table.columns) or list(dict.fromkeys(key for row in table.rows for key in row))


def _numeric(table: Table, column: str) -> bool:
    """Whether the column's known cells are numbers, so that its head stands above them."""
    known = [row[column] for row in table.rows if row.get(column) is not None]
    return bool(known) and all(isinstance(value, (int, float)) for value in known)


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(cell=_cell, columns=_columns, numeric=_numeric, figure_uri=_figure_uri)
    environment.filters["shown"] = shown
    return environment.get_template("page.html")


def _figure_uri(figure: Figure) -> str:
    return data_uri(figure.source, long_side=figure.long_side)
