# SPDX-License-Identifier: Apache-2.0
"""The eight symmetries of the square, each with its inverse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

__all__ = ["CUSTOM", "READ_AS", "SYMMETRIES", "Symmetry", "measured_as", "view_symmetries"]


class Symmetry(NamedTuple):
    """A symmetry of the square: ``quarter_turns`` counter-clockwise after an optional left-right ``mirror``."""

    quarter_turns: int
    mirror: bool

    def apply(self, planes: Tensor) -> Tensor:
        """(..., H, W) -> the turned planes, (..., W, H) after an odd number of quarter turns."""
        mirrored = planes.flip(-1) if self.mirror else planes
        return torch.rot90(mirrored, self.quarter_turns, (-2, -1))

    def undo(self, planes: Tensor) -> Tensor:
        """Inverse of :meth:`apply`."""
        turned_back = torch.rot90(planes, -self.quarter_turns, (-2, -1))
        return turned_back.flip(-1) if self.mirror else turned_back


SYMMETRIES = {
    "identity": Symmetry(0, False),
    "rotate90": Symmetry(1, False),
    "rotate180": Symmetry(2, False),
    "rotate270": Symmetry(3, False),
    "flip_horizontal": Symmetry(0, True),
    "flip_vertical": Symmetry(2, True),
    "transpose": Symmetry(1, True),
    "antitranspose": Symmetry(3, True),
}

PRESETS = {
    "none": ("identity",),
    "fast": ("identity", "rotate180", "flip_horizontal", "flip_vertical"),
    "paper": ("identity", "rotate90", "rotate180", "rotate270", "flip_horizontal", "flip_vertical"),
}


CUSTOM = "custom"
"""Stands for views that are none of the presets."""

READ_AS = {"merge": "logits", "decision": "jaccard", "hair_removal": False, "colour_constancy": False}
"""How the figures in the weights' record were measured."""


def view_symmetries(preset: str) -> tuple[str, ...]:
    """Symmetries of a preset: ``none`` (1), ``fast`` (4, shape-preserving) or ``paper`` (6, section 4.3).

    Raises:
        ValueError: for an unknown preset.
    """
    if preset not in PRESETS:
        raise ValueError(f"views must be one of {', '.join(PRESETS)}, got {preset!r}")
    return PRESETS[preset]


def measured_as(
    preset: str,
    symmetries: Sequence[str],
    sizes: Sequence[int],
    trained: Mapping[str, Any],
    read_as: Mapping[str, Any] = READ_AS,
) -> str:
    """The preset whose figures in the weights' record hold for these views: the given one, or ``custom``.

    Args:
        preset: asked for by name.
        symmetries, sizes: what the views really are, after overrides.
        trained: ``image_size`` and ``view_sizes`` of the weights, as far as they are known.
        read_as: how images and outputs are read, as ``READ_AS``.
    """
    measured = trained.get("view_sizes") if preset == "paper" else [trained.get("image_size")]
    same = list(symmetries) == list(view_symmetries(preset)) and list(sizes) == list(measured or [])
    return preset if same and dict(read_as) == READ_AS else CUSTOM
