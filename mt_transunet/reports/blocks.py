# SPDX-License-Identifier: Apache-2.0
"""What a page is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Union

import numpy as np

PictureSource = Union[np.ndarray, bytes, str, Path]
"""(H,W) or (H,W,3) uint8 pixels, the bytes of an image file, or the path of one."""


@dataclass(frozen=True)
class Paragraph:
    """Plain text; shown as written, never read as HTML."""

    text: str
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True)
class Facts:
    """Names and values, in order; ``folded`` hides them behind ``caption`` until it is clicked."""

    items: Mapping[str, Any]
    caption: str = ""
    folded: bool = False
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True)
class Figure:
    """A picture with a caption; ``long_side`` caps its pixels, SVG stays as it is."""

    source: PictureSource
    caption: str = ""
    alt: str = ""
    long_side: int = 1600
    kind: ClassVar[str] = "figure"


@dataclass(frozen=True)
class Gallery:
    """Figures beside each other, as many as fit with ``least_width`` CSS pixels each."""

    figures: Sequence[Figure]
    least_width: int = 320
    kind: ClassVar[str] = "gallery"


@dataclass(frozen=True)
class Table:
    """Rows of named cells, sorted by a click on a column's head.

    A cell is text, a number (shown with three decimals when it is no integer), None (a dash), or a figure
    ``{"value", "low", "high"}`` shown with its interval.

    Args:
        columns: which ones and in which order; all in order of appearance when empty.
    """

    rows: Sequence[Mapping[str, Any]]
    columns: Sequence[str] = ()
    caption: str = ""
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Column:
    """A column of an ``ImageTable``.

    Args:
        key: of its cell in each row.
        heading: above the column.
        note: what it says, in one sentence.
        kind: ``number``; ``share``, a number from 0 to 1 with a bar; ``text``; ``alert``, where a True stands out;
            ``badges``, several words.
        digits: behind the point of a number.
        folded: hidden until all columns are asked for.
    """

    key: str
    heading: str
    note: str = ""
    kind: str = "text"
    digits: int = 3
    folded: bool = False


@dataclass(frozen=True)
class ImageRow:
    """One image of an ``ImageTable``.

    Args:
        name: of the image; what the text filter looks at.
        cells: by the keys of the columns; None and absent ones are dashes.
        picture: file that the thumbnail is made of and that is shown enlarged from where it lies; best below the
            folder of the page.
        panel: the picture is an ``overlay_panel``, of which the thumbnail shows the photograph with its contour.
        problem: why there is nothing else to say of the image.
        groups: group of chips -> those of its chips that choose this row.
    """

    name: str
    cells: Mapping[str, Any] = field(default_factory=dict)
    picture: Path | None = None
    panel: bool = False
    problem: str = ""
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ImageTable:
    """Any number of images with a thumbnail each, to be sorted, filtered and looked through enlarged.

    Args:
        columns: after picture and name; the folded ones go last.
        groups: group -> its chips from left to right; those that choose no row are left out.
        legend: heading -> word -> its meaning in a sentence, folded above the table.
    """

    rows: Sequence[ImageRow]
    columns: Sequence[Column] = ()
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    legend: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kind: ClassVar[str] = "images"

    def chips(self) -> dict[str, dict[str, int]]:
        """Group -> chip -> how many rows it chooses; none without a row."""
        counts = Counter((group, chip) for row in self.rows for group, chips in row.groups.items() for chip in chips)
        found = {group: {chip: counts[group, chip] for chip in chips} for group, chips in self.groups.items()}
        used = {group: {chip: count for chip, count in chips.items() if count} for group, chips in found.items()}
        return {group: chips for group, chips in used.items() if chips}


@dataclass(frozen=True)
class Section:
    """A heading and the blocks below it; ``level`` 2 opens a part of the page, 3 belongs to the part above."""

    heading: str
    blocks: Sequence[Paragraph | Facts | Figure | Gallery | Table | ImageTable] = field(default_factory=tuple)
    level: int = 2
