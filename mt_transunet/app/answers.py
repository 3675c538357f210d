# SPDX-License-Identifier: Apache-2.0
"""What the page shows of one file; gradio is not needed for that."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..analysis import Analysis
from ..data.reading import decode_problem
from ..reports import overlay_panel
from .words import findings_html, refusal_html

__all__ = ["NOTHING", "Answer", "answer"]

_SHOWN = 1024  # pixels on the long side: more would only take longer to reach the page


class Answer(NamedTuple):
    """One file's answer, empty where there is nothing to show."""

    photograph: np.ndarray | None
    """(h, w, 3) uint8 RGB as the network was given it, reduced."""
    panel: np.ndarray | None
    """The panels of the report."""
    mask: str | None
    """Path of ``<name>_mask.png``: 0 and 255 at the image's own size."""
    findings: str
    """HTML."""
    message: str
    """HTML; why there is no answer."""


NOTHING = Answer(None, None, None, "", "")


def answer(analyse: Callable[[str], Analysis], path: str, *, folder: str | Path, calibrated: bool = False) -> Answer:
    """Everything the page shows of a file; a message alone where it is no image.

    Args:
        analyse: path of an image -> what is said of it; may raise ``ValueError`` for what it cannot read.
        path: of the file, whose name the mask keeps.
        folder: where the mask is written, in a folder of its own.
        calibrated: whether a temperature was fitted to the network's probabilities.
    """
    name = Path(path).name
    if problem := decode_problem(path):
        return NOTHING._replace(message=refusal_html(name, problem))
    try:
        found = analyse(path)
    except ValueError as error:
        return NOTHING._replace(message=refusal_html(name, str(error).replace(path, name)))
    return Answer(
        photograph=_reduced(found.photograph),
        panel=_panel(found),
        mask=_written(found.mask, Path(tempfile.mkdtemp(dir=folder)) / f"{Path(path).stem}_mask.png"),
        findings=findings_html(found.row, name=name, size=found.mask.shape, calibrated=calibrated),
        message="",
    )


def _panel(found: Analysis) -> np.ndarray:
    """Two by two, or three in a row where a single view has none to differ from."""
    maps, several = (found.probability, found.level_set, found.attention), bool(found.spread.any())
    spread, columns = (found.spread, 2) if several else (None, 3)
    return overlay_panel(found.photograph, *maps, mask=found.mask, spread=spread, columns=columns)


def _reduced(photograph: np.ndarray) -> np.ndarray:
    picture = Image.fromarray(photograph)
    picture.thumbnail((_SHOWN, _SHOWN))
    return np.asarray(picture)


def _written(mask: np.ndarray, path: Path) -> str:
    Image.fromarray(mask.astype(np.uint8) * 255).save(path)
    return str(path)
