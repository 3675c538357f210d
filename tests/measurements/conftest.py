# SPDX-License-Identifier: Apache-2.0
"""Shapes drawn at any angle, so that a result cannot owe its value to the pixel grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest


@pytest.fixture(scope="session")
def draw() -> Callable[..., np.ndarray]:
    """A mask of the pixels whose centre (u, v) is inside; (0, 0) is ``centre`` pixels off the middle."""

    def drawn(inside, reach: int, *, angle: float = 0.0, centre: tuple[float, float] = (0.3, 0.1)) -> np.ndarray:
        y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1] - np.reshape(centre[::-1], (2, 1, 1))
        cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        return inside(x * cos + y * sin, y * cos - x * sin)

    return drawn


@pytest.fixture(scope="session")
def ell() -> Callable[[float], Callable]:
    """Three squares of the given side in an L, its centroid at (0, 0)."""

    def with_side(side: float) -> Callable:
        def inside(u, v):
            a, b = u / side + 5 / 6, v / side + 5 / 6  # the centroid of the squares' centres
            return (np.minimum(a, b) >= 0) & (np.maximum(a, b) < 2) & (np.minimum(a, b) < 1)

        return inside

    return with_side
