# SPDX-License-Identifier: Apache-2.0
"""One self-contained HTML file: style, pictures and script inside, nothing fetched."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from mt_transunet.atomic import write_chunks
from mt_transunet.notice import NOT_A_DEVICE, NOT_FOR
from mt_transunet.reports.blocks import Column, Figure, ImageRow, Section, Table
from mt_transunet.reports.pictures import data_uri, thumbnail_uri

logger = logging.getLogger(__name__)

_DASH = "\N{EN DASH}"

_THUMBNAIL_SIDE = 220  # pixels: twice what is shown, for screens of two pixels to a CSS pixel
_PATIENCE = 10.0  # seconds without a word

# Least widths of columns in em of the table, and those that take what is left: all rows are grids of the same tracks,
# for the browser can leave out rows that are not in view only where no cell's width depends on them.
_WIDTHS = {"name": 10.0, "text": 6.6, "alert": 5.6, "badges": 9.8, "share": 5.3, "number": 6.3}
_GROWING = ("name", "badges")


def write_page(
    path: str | Path, *, title: str, facts: Mapping[str, Any], sections: Sequence[Section], note: str = ""
) -> Path:
    """Write a page, in one step: a reader sees the old file or the whole new one.

    The page goes to the disk as it is made: thousands of pictures take no more memory than one.

    Args:
        path: of the HTML file.
        title: heading and window title.
        facts: the few names and values shown large under the title.
        sections: the rest, in order.
        note: a sentence about all of it, at the top.

    Returns:
        ``path``.

    Raises:
        ValueError: a picture cannot be read; a thumbnail that cannot is left out, with a warning.
    """
    link = partial(_link, folder=Path(path).resolve().parent)
    images = [any(block.kind == "images" for block in section.blocks) for section in sections]
    wide = any(images) and all(images)
    parts = _template().stream(
        title=title, note=note, facts=facts, sections=sections, link=link, images=any(images), wide=wide
    )
    parts.enable_buffering(size=200)
    return write_chunks(path, (part.encode(errors="replace") for part in parts))


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
    if isinstance(value, Mapping):
        bounds = [value.get("low"), value.get("high")]
        interval = "" if None in bounds else _DASH.join(map(shown, bounds))
        return {"kind": "figure", "text": shown(value["value"]), "interval": interval, "key": value["value"]}
    return {"kind": "text", "text": shown(value), "key": "" if value is None else value}


def _columns(table: Table) -> list[str]:
    return list(table.columns) or list(dict.fromkeys(key for row in table.rows for key in row))


def _numeric(table: Table) -> set[str]:
    """Columns whose known cells are numbers, so that the head stands above them."""
    known = {column: [row[column] for row in table.rows if row.get(column) is not None] for column in _columns(table)}
    return {
        column
        for column, values in known.items()
        if values and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    }


def _image_cell(column: Column, value: Any) -> dict[str, Any]:
    """What is shown of a cell, and the key by which it sorts where that is another; no text is a dash."""
    if value is None or value == "" or value == []:
        return {"text": ""}
    if column.kind not in ("number", "share") or not isinstance(value, (int, float)):
        return {"text": value if column.kind == "badges" else shown(value)}
    text = shown(round(value)) if column.digits == 0 else f"{value:.{column.digits}f}"
    return {"text": text, "key": value, "share": min(1.0, max(0.0, value))}


def _chosen_by(row: ImageRow, chips: Mapping[str, Mapping[str, int]]) -> str:
    """Numbers of the chips that choose a row, counted through all groups."""
    all_chips = [(group, chip) for group, found in chips.items() for chip in found]
    return " ".join(str(n) for n, (group, chip) in enumerate(all_chips) if chip in row.groups.get(group, ()))


def _tracks(columns: Sequence[Column], *, pictures: bool) -> dict[str, str]:
    """Grid tracks of a row with these columns, and the least width of the table."""
    kinds = ["name", *(column.kind for column in columns)]
    tracks = [f"minmax({_WIDTHS[kind]}em, 1fr)" if kind in _GROWING else f"{_WIDTHS[kind]}em" for kind in kinds]
    least = f"{sum(_WIDTHS[kind] for kind in kinds):.1f}em"
    if not pictures:
        return {"tracks": " ".join(tracks), "least": least}
    # Thumbnails are smaller on a phone, which the style knows.
    return {"tracks": " ".join(["var(--picture)", *tracks]), "least": f"calc(var(--picture) + {least})"}


def _thumbnail(row: ImageRow) -> Markup | None:
    if row.picture is None:
        return None
    try:
        return Markup(thumbnail_uri(row.picture, long_side=_THUMBNAIL_SIDE, panel=row.panel))
    except ValueError as error:
        # One of thousands of files: the answers about the others are worth a page.
        logger.warning("no thumbnail: %s", error)
        return None


def _told(rows: Sequence[ImageRow]) -> Iterator[ImageRow]:
    """The rows one by one; a line in the log every ten seconds says how far they are."""
    said = time.monotonic()
    for done, row in enumerate(rows):
        if time.monotonic() - said > _PATIENCE:
            said = time.monotonic()
            logger.info("page: %d of %d images", done, len(rows))
        yield row


def _link(target: Path, *, folder: Path) -> str:
    """Relative URL of a file as seen from a page in ``folder``."""
    relative = os.path.relpath(target, folder).replace(os.sep, "/")
    return quote(os.fsencode(relative))


def _figure_uri(figure: Figure) -> str:
    return data_uri(figure.source, long_side=figure.long_side)


@lru_cache(maxsize=1)
def _template() -> Template:
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        cell=_cell,
        columns=_columns,
        numeric=_numeric,
        figure_uri=_figure_uri,
        image_cell=_image_cell,
        chosen_by=_chosen_by,
        tracks=_tracks,
        thumbnail=_thumbnail,
        told=_told,
        not_a_device=NOT_A_DEVICE,
        not_for=NOT_FOR,
        # Style and script stand in files of their own, which editors and linters know.
        inlined=lambda name: Markup((folder / name).read_text(encoding="utf-8")),
    )
    environment.filters["shown"] = shown
    return environment.get_template("page.html")
