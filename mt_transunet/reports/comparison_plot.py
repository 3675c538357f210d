# SPDX-License-Identifier: Apache-2.0
"""Two evaluations as points, one for each image: what A gave it across, what B gave it upwards."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from mt_transunet import CLASS_NAMES
from mt_transunet.metrics.rows import known_label
from mt_transunet.reports.rows import number

__all__ = ["comparison_plot"]

Pair = tuple[Mapping[str, Any], Mapping[str, Any]]

_GREY = "#7d8590"  # read on white and on black
_COLOURS = {"nevus": "#3b82c4", "melanoma": "#d1495b", "seborrheic_keratosis": "#c49a1a", "no diagnosis": _GREY}


def comparison_plot(pairs: Sequence[Pair], figure: str, title: str) -> bytes | None:
    """An SVG picture of one figure between 0 and 1; points above the diagonal are higher in B.

    Args:
        pairs: the rows of an image in both evaluations.
        figure: a column of them; images without a number in both are left out.
        title: above the plot.

    Returns:
        The file's bytes, None where no image has the figure in both.
    """
    # Imported here: matplotlib takes half a second.
    from matplotlib.figure import Figure

    points = _points(pairs, figure)
    if not points:
        return None
    canvas = Figure(figsize=(4.8, 5.1), layout="constrained")
    axes = canvas.subplots()
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=0.8)
    for name, of_class in points.items():
        axes.scatter(*zip(*of_class), s=12, alpha=0.7, linewidths=0, color=_COLOURS[name], label=name.replace("_", " "))
    axes.set_title(title, loc="left", color=_GREY, fontsize=11)
    axes.set_xlabel("A", color=_GREY)
    axes.set_ylabel("B", color=_GREY)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axes.tick_params(colors=_GREY, labelsize=8.5)
    axes.grid(color=_GREY, alpha=0.2, linewidth=0.6)
    axes.spines[:].set_visible(False)
    place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.12), "ncols": 3}  # where it hides no point
    axes.legend(frameon=False, fontsize=8.5, labelcolor=_GREY, handletextpad=0.1, **place)
    buffer = io.BytesIO()
    canvas.savefig(buffer, format="svg", transparent=True)
    return buffer.getvalue()


def _points(pairs: Sequence[Pair], figure: str) -> dict[str, list[tuple[float, float]]]:
    """Class name -> points; nevi first, for they are the most and would hide the others."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ("no diagnosis", *CLASS_NAMES)}
    for a, b in pairs:
        label = known_label(a)
        x, y = number(a.get(figure)), number(b.get(figure))
        if x is not None and y is not None:
            found[CLASS_NAMES[label] if label >= 0 else "no diagnosis"].append((x, y))
    return {name: points for name, points in found.items() if points}
