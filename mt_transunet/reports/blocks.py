# SPDX-License-Identifier: Apache-2.0
"""What a page is made of."""

from __future__ import annotations

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
class Picture:
    """A picture inside a table cell, at most ``long_side`` pixels; a click enlarges it."""

    source: PictureSource
    alt: str = ""
    long_side: int = 900


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

    A cell is text, a number (shown with three decimals when it is no integer), None (a dash), a ``Picture``, or a
    figure ``{"value", "low", "high"}`` shown with its interval.

    Args:
        columns: which ones and in which order; all in order of appearance when empty.
        marked: indices of rows that need attention.
    """

    rows: Sequence[Mapping[str, Any]]
    columns: Sequence[str] = ()
    caption: str = ""
    marked: frozenset[int] = frozenset()
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Section:
    """A heading and the blocks below it; ``level`` 2 opens a part of the page, 3 belongs to the part above."""

    heading: str
    blocks: Sequence[Paragraph | Facts | Figure | Gallery | Table] = field(default_factory=tuple)
    level: int = 2
