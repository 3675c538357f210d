# SPDX-License-Identifier: Apache-2.0
"""Random fields that the synthetic dermoscopy is made of: smooth noise, cells and soft dots."""

from __future__ import annotations

import cv2
import numpy as np

_DOT_OVERSAMPLING = 3
_CELL_RASTER = 8  # raster points along one cell


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 at and below `low`, 1 at and above `high`, cubic between; `low` > `high` turns it round."""
    step = np.clip((value - low) / (high - low), 0.0, 1.0)
    return step * step * (3.0 - 2.0 * step)


def fractal_noise(
    rng: np.random.Generator, size: tuple[int, int], scale: float, octaves: int = 3, stretch: float = 1.0
) -> np.ndarray:
    """Smooth noise of mean 0 and standard deviation near 1, float32 (H,W).

    Each octave is a coarse grid of normal numbers, enlarged bicubically, of half the scale and half the amplitude of
    the one before.

    Args:
        scale: length of the largest features, pixels (at least 1).
        stretch: features are this many times longer along the columns.
    """
    # smooth fields are summed on a coarser raster, at least three of its points along the smallest feature
    coarseness = max(int(scale * 0.5 ** (octaves - 1) / 3.0), 1)
    raster = tuple(-(-extent // coarseness) for extent in size)
    total = np.zeros(raster, np.float32)
    for octave in range(octaves):
        step = scale * 0.5**octave / coarseness
        total += 0.5**octave * _smooth_grid(rng, raster, max(step, 1.0), max(step * stretch, 1.0))
    # bicubic enlargement leaves about 0.7 of the grid's standard deviation
    total /= 0.7 * sum(0.25**octave for octave in range(octaves)) ** 0.5
    return total if coarseness == 1 else cv2.resize(total, size[::-1], interpolation=cv2.INTER_LINEAR)


def _smooth_grid(rng: np.random.Generator, size: tuple[int, int], step_y: float, step_x: float) -> np.ndarray:
    """Normal numbers `step_y` by `step_x` pixels apart, enlarged bicubically: float32 (H,W)."""
    rows, columns = int(np.ceil(size[0] / step_y)) + 2, int(np.ceil(size[1] / step_x)) + 2
    grid = rng.standard_normal((rows, columns), dtype=np.float32)
    height, width = max(int(rows * step_y), size[0]), max(int(columns * step_x), size[1])
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    enlarged = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    return enlarged[top : top + size[0], left : left + size[1]]


def cell_noise(
    rng: np.random.Generator, x: np.ndarray, y: np.ndarray, pitch: float, jitter: float
) -> tuple[np.ndarray, np.ndarray]:
    """Distances to the nearest of jittered grid points and to the border of its cell, in units of `pitch`.

    Rows are offset by half a cell, so that `jitter` 0 gives hexagons and 1 gives cells of any shape (the idea is
    Worley's, "A cellular texture basis function", 1996). The cells are laid out on a raster of their own and looked up.

    Args:
        x: columns and y: rows at which to look, float32 of any one shape (warp them to bend the cells), pixels.
    """
    fine = _CELL_RASTER
    u, v = (x - x.min()) / pitch + 1.5, (y - y.min()) / pitch + 1.5
    rows, columns = int(v.max()) + 3, int(u.max()) + 3
    offset = jitter * (rng.random((2, rows, columns)) - 0.5)
    point_v = np.arange(rows)[:, None] + 0.5 + offset[0]
    point_u = np.arange(columns) + 0.25 + 0.5 * (np.arange(rows)[:, None] % 2) + offset[1]
    raster = np.ones((rows * fine, columns * fine), np.uint8)
    place_v = np.clip((point_v * fine).astype(int), 0, raster.shape[0] - 1)
    place_u = np.clip((point_u * fine).astype(int), 0, raster.shape[1] - 1)
    raster[place_v, place_u] = 0

    nearest, owner = cv2.distanceTransformWithLabels(raster, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    inside = np.ones_like(raster)
    inside[:-1] &= owner[:-1] == owner[1:]
    inside[:, :-1] &= owner[:, :-1] == owner[:, 1:]
    border = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
    u, v = (u * fine).astype(np.float32), (v * fine).astype(np.float32)
    found = [cv2.remap(part, u, v, cv2.INTER_LINEAR) / np.float32(fine) for part in (nearest, border)]
    return found[0], found[1]


def soft_dots(
    size: tuple[int, int], centres: np.ndarray, radii: np.ndarray, softness: float = 0.0, elongation: float = 1.0
) -> np.ndarray:
    """Coverage of discs, float32 (H,W) in [0,1].

    Args:
        centres: (N,2) rows and columns, pixels. radii: (N,), pixels.
        softness: Gaussian blur in pixels.
        elongation: ratio of the axes; the direction varies from dot to dot, by its place.
    """
    factor = _DOT_OVERSAMPLING
    canvas = np.zeros((size[0] * factor, size[1] * factor), np.uint8)
    for (row, column), radius in zip(centres, radii):
        place = (int(round(column * factor)), int(round(row * factor)))
        axes = (max(int(radius * factor * elongation), 1), max(int(radius * factor / elongation), 1))
        cv2.ellipse(canvas, place, axes, float((37 * row + 61 * column) % 180), 0, 360, 255, -1)
    coverage = cv2.resize(canvas, size[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    return cv2.GaussianBlur(coverage, (0, 0), softness) if softness > 0 else coverage


def random_places(rng: np.random.Generator, allowed: np.ndarray, count: int) -> np.ndarray:
    """`count` (fewer where `allowed`, bool (H,W), has fewer) distinct pixels drawn from it: (N,2) rows, columns."""
    places = np.flatnonzero(allowed)
    chosen = rng.choice(places, size=min(count, places.size), replace=False)
    return np.stack(np.unravel_index(chosen, allowed.shape), axis=-1)
