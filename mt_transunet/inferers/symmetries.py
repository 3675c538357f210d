# SPDX-License-Identifier: Apache-2.0
"""The eight symmetries of the square, each with its inverse."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["SYMMETRIES", "Symmetry"]


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
