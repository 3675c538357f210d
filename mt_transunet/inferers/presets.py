# SPDX-License-Identifier: Apache-2.0
"""Views by name, and whether the figures in the weights' record were measured with these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["CUSTOM", "READ_AS", "measured_as", "view_symmetries"]

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
