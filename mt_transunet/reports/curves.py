# SPDX-License-Identifier: Apache-2.0
"""Training curves from the rows of ``history.csv``."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mt_transunet.atomic import write_bytes
from mt_transunet.reports.rows import number

CLOCK_COLUMNS = ("iteration", "epoch", "seconds", "images_per_second", "peak_memory_gib")
"""Columns of a history row that say when, not how well."""

KINDS = ("loss", "learning rate", "validation")
"""Kinds of history columns that are drawn, one plot each."""

_POINTS = 400  # a line has no more on a screen
_GREY = "#7d8590"  # read on white and on black
_COLOURS = ("#3b82c4", "#d9713c", "#2f9e72", "#b0569b", "#c49a1a", "#7a6ff0", "#d1495b", "#4fa8b8", "#8a9a3b")


def curves(history_rows: Sequence[Mapping[str, Any]], path: str | Path, *, kinds: Sequence[str] = KINDS) -> Path:
    """Draw loss parts, learning rates and validation figures over the iteration, one plot for each kind.

    Columns are told apart by name alone: ``learning_rate*``; ``val`` and ``val_*``; everything else numeric is a loss
    part. Empty cells are passed over; lines of more than 400 points are averaged in blocks. The ground is transparent
    and the ink grey, for light and dark pages.

    Args:
        history_rows: rows of ``history.csv``, numbers or their text.
        path: of the picture; its suffix says which format (``.svg``, ``.png``). Replaced in one step.
        kinds: which plots, from left to right; one without a number is left out.

    Returns:
        ``path``.

    Raises:
        ValueError: no column of these kinds holds a number.
    """
    # Imported here: matplotlib takes half a second, and inference never draws curves.
    from matplotlib.figure import Figure

    lines = _sorted_lines(history_rows)
    plots = [(kind, lines[kind]) for kind in kinds if lines[kind]]
    if not plots:
        raise ValueError(f"history must hold at least one number, got {len(history_rows)} rows without; train first")
    figure = Figure(figsize=(4.8 * len(plots), 3.9), layout="constrained")
    figure.patch.set_alpha(0)
    for axes, (name, lines) in zip(np.atleast_1d(figure.subplots(1, len(plots))), plots):
        _draw(axes, name, lines)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix[1:], transparent=True, dpi=160)
    return write_bytes(path, buffer.getvalue())


def figure_name(column: str) -> str:
    """How a history column is called on the page."""
    return "selection score" if column == "val" else column.removeprefix("val_").replace("_", " ")


def kind_of(column: str) -> str:
    """``clock``, ``learning rate``, ``validation`` or ``loss``: what a history column holds."""
    if column in CLOCK_COLUMNS:
        return "clock"
    if column.startswith("learning_rate"):
        return "learning rate"
    return "validation" if column == "val" or column.startswith("val_") else "loss"


def _sorted_lines(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]:
    kinds: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]] = {kind: {} for kind in KINDS}
    at = [number(row.get("iteration")) for row in rows]
    position = np.array([index + 1 if value is None else value for index, value in enumerate(at)])
    for column in dict.fromkeys(key for row in rows for key in row):
        values = np.array([number(row.get(column)) for row in rows], dtype=float)  # None -> nan
        kept = np.isfinite(values)
        if kind_of(column) != "clock" and kept.any():
            kinds[kind_of(column)][column] = _thinned(position[kept], values[kept])
    return kinds


def _thinned(position: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    blocks = min(len(values), _POINTS)
    parts = np.array_split(np.arange(len(values)), blocks)
    return tuple(np.array([line[part].mean() for part in parts]) for line in (position, values))


def _draw(axes: Any, name: str, lines: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    for index, (column, (position, values)) in enumerate(lines.items()):
        # The whole is drawn over its parts and wider.
        whole = column == "loss"
        axes.plot(
            position,
            values,
            label=figure_name(column),
            color=_GREY if whole else _COLOURS[index % len(_COLOURS)],
            linewidth=2.2 if whole else 1.5,
            zorder=3 if whole else 2,
            marker="o" if len(values) < 25 else None,
            markersize=3,
        )
    positive = all((values > 0).all() for _, values in lines.values())
    if name == "loss" and positive:
        axes.set_yscale("log")  # parts differ by orders of magnitude
    if name == "learning rate":
        axes.set_ylim(bottom=0)
    axes.set_title({"loss": "Loss and its parts"}.get(name, name.capitalize()), loc="left", color=_GREY, fontsize=11)
    axes.set_xlabel("iteration", color=_GREY)
    axes.set_xlim(left=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.tick_params(colors=_GREY, which="both", labelsize=8.5)
    axes.grid(color=_GREY, alpha=0.2, linewidth=0.6)
    axes.patch.set_alpha(0)
    axes.spines[:].set_visible(False)
    if len(lines) > 1:
        # Below the plot, where it hides no line.
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.17), "ncols": 3}
        axes.legend(frameon=False, fontsize=8.5, labelcolor=_GREY, **place)
