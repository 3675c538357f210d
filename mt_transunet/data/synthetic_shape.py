# SPDX-License-Identifier: Apache-2.0
"""Outlines of synthetic lesions: round for a nevus, lobed and notched for a melanoma, scalloped for a keratosis."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from .synthetic_noise import fractal_noise

_AREA_RANGE = (0.045, 0.5)
_TOUCHING_SHARE = 0.14
_STREAKED_SHARE = 0.65


class Lesion(NamedTuple):
    """Where the lesion is.

    mask: bool (H,W). depth: float32 (H,W), distance to the border in pixels, positive inside. streaks: float32 (H,W) in
    [0,1], radial strokes across the border, part of the mask. centre: row, column. radius: that of a disc of the same
    area, pixels.
    """

    mask: np.ndarray
    depth: np.ndarray
    streaks: np.ndarray
    centre: tuple[float, float]
    radius: float


def draw_lesion(rng: np.random.Generator, size: tuple[int, int], label: int) -> Lesion:
    """A lesion of the kind `label` (0 nevus, 1 melanoma, 2 seborrheic keratosis) covering 3% to 60% of the image."""
    fraction = float(np.exp(rng.uniform(*np.log(_AREA_RANGE))))
    radius = float(np.sqrt(fraction * size[0] * size[1] / np.pi))
    centre = _centre(rng, size, radius)
    field = (_nevus_field, _melanoma_field, _keratosis_field)[label](rng, size, centre, radius)

    rank = int((1.0 - fraction) * field.size)
    mask = _filled_largest_part(field > np.partition(field, rank, axis=None)[rank])
    streaks = (
        _streaks(rng, mask, centre, radius)
        if label == 1 and rng.random() < _STREAKED_SHARE
        else np.zeros(size, np.float32)
    )
    mask = _filled_largest_part(mask | (streaks > 0.4))
    return Lesion(mask, _signed_distance(mask), streaks * mask, centre, float(np.sqrt(mask.sum() / np.pi)))


def _centre(rng: np.random.Generator, size: tuple[int, int], radius: float) -> tuple[float, float]:
    """Mostly off the middle but whole in view; a share of the lesions is cut by an edge of the image."""
    place = np.clip(rng.normal(0.5, 0.13, size=2), 0.25, 0.75) * size
    room = np.array([min(1.25 * radius, 0.5 * extent) for extent in size])
    place = np.clip(place, room, size - room)
    if rng.random() < _TOUCHING_SHARE:
        axis = int(rng.integers(2))
        inset = rng.uniform(0.3, 0.8) * radius
        place[axis] = inset if rng.random() < 0.5 else size[axis] - inset
    return float(place[0]), float(place[1])


def _radial_field(
    rng: np.random.Generator,
    size: tuple[int, int],
    centre: tuple[float, float],
    radius: float,
    harmonics: dict[int, float],
    stretch: float,
) -> np.ndarray:
    """Height above a wavy ellipse, in units of `radius`: positive inside, 1 near the centre."""
    rows, columns = np.ogrid[: size[0], : size[1]]
    rows, columns = rows.astype(np.float32), columns.astype(np.float32)
    turn = rng.uniform(0.0, np.pi)
    down, right = (rows - centre[0]) / radius, (columns - centre[1]) / radius
    along = (math.cos(turn) * right + math.sin(turn) * down) / stretch**0.5
    across = (math.cos(turn) * down - math.sin(turn) * right) * stretch**0.5
    distance, angle = cv2.cartToPolar(along, across)
    outline = np.ones(size, np.float32)
    for wave, amplitude in harmonics.items():
        outline += amplitude * np.cos(wave * angle + rng.uniform(0.0, 2.0 * np.pi))
    return outline - distance


def _nevus_field(rng: np.random.Generator, size: tuple[int, int], centre: tuple[float, float], radius: float):
    harmonics = {2: rng.uniform(0.0, 0.05), 3: rng.uniform(0.0, 0.03), 4: rng.uniform(0.0, 0.03)}
    field = _radial_field(rng, size, centre, radius, harmonics, rng.uniform(1.0, 1.45))
    return field + rng.uniform(0.015, 0.045) * fractal_noise(rng, size, 0.35 * radius, 2)


def _melanoma_field(rng: np.random.Generator, size: tuple[int, int], centre: tuple[float, float], radius: float):
    """Two to four unequal lobes on one side, run together, then torn by noise of two scales."""
    side = rng.uniform(0.0, 2.0 * np.pi)
    field = _radial_field(rng, size, centre, radius, {3: 0.1, 5: 0.07}, rng.uniform(1.0, 1.5))
    for _ in range(int(rng.integers(1, 4))):
        away = side + rng.normal(0.0, 0.7)
        distance = rng.uniform(0.55, 1.0) * radius
        place = (centre[0] + distance * np.sin(away), centre[1] + distance * np.cos(away))
        share = rng.uniform(0.4, 0.75)
        lobe = share * _radial_field(rng, size, place, share * radius, {2: 0.1, 3: 0.08}, rng.uniform(1.0, 1.6))
        field = np.logaddexp(8.0 * field, 8.0 * lobe) / 8.0
    field = field + rng.uniform(0.06, 0.13) * fractal_noise(rng, size, 0.7 * radius, 2)
    return field + rng.uniform(0.03, 0.06) * fractal_noise(rng, size, 0.22 * radius, 3)


def _keratosis_field(rng: np.random.Generator, size: tuple[int, int], centre: tuple[float, float], radius: float):
    lobules = int(rng.integers(7, 14))
    harmonics = {2: rng.uniform(0.0, 0.08), 3: rng.uniform(0.0, 0.07), lobules: rng.uniform(0.005, 0.025)}
    field = _radial_field(rng, size, centre, radius, harmonics, rng.uniform(1.0, 1.6))
    return field + rng.uniform(0.02, 0.06) * fractal_noise(rng, size, 0.5 * radius, 1)


def _streaks(rng: np.random.Generator, mask: np.ndarray, centre: tuple[float, float], radius: float) -> np.ndarray:
    """Radial streaks, some with bulbous ends, over one to three sectors of the border, float32 (H,W) in [0,1]."""
    canvas = np.zeros(tuple(3 * extent for extent in mask.shape), np.uint8)
    sectors = rng.uniform(0.0, 2.0 * np.pi, size=int(rng.integers(1, 4)))
    directions = np.concatenate([sector + rng.uniform(-0.5, 0.5, size=int(rng.integers(4, 11))) for sector in sectors])
    reach = np.arange(0.0, float(np.hypot(*mask.shape)))
    for direction in directions:
        line = np.array([np.sin(direction), np.cos(direction)])
        ray = (np.asarray(centre) + reach[:, None] * line).astype(int)
        ray = ray[(ray >= 0).all(axis=1) & (ray < mask.shape).all(axis=1)]
        inside = np.flatnonzero(mask[ray[:, 0], ray[:, 1]])
        if inside.size:
            _draw_streak(rng, canvas, np.asarray(centre), line, float(inside[-1]), radius)
    streaks = cv2.resize(canvas, mask.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    return cv2.GaussianBlur(streaks, (0, 0), 0.6)


def _draw_streak(
    rng: np.random.Generator, canvas: np.ndarray, centre: np.ndarray, line: np.ndarray, rim: float, radius: float
) -> None:
    """One bent stroke from inside the border to a little beyond `rim`, drawn three times enlarged."""
    start, end = rim - rng.uniform(0.08, 0.35) * radius, rim + (rng.uniform(0.0, 0.4) ** 2 + 0.01) * radius
    bend = rng.normal(0.0, 0.04) * radius * np.array([-line[1], line[0]])
    strength, width = int(rng.integers(110, 256)), rng.uniform(0.025, 0.065) * radius * 3
    steps = np.linspace(0.0, 1.0, 9)[:, None]
    points = 3 * (centre + (start + (end - start) * steps) * line + 4 * steps * (1.0 - steps) * bend)
    points = np.round(points[:, ::-1]).astype(int).tolist()
    for i, (tail, tip) in enumerate(zip(points, points[1:])):
        cv2.line(canvas, tail, tip, strength, max(int(width * (1.0 - 0.07 * i)), 2), cv2.LINE_AA)
    if rng.random() < 0.5:
        cv2.circle(canvas, points[-1], int(rng.uniform(0.5, 1.0) * width) + 1, strength, -1, cv2.LINE_AA)


def _filled_largest_part(mask: np.ndarray) -> np.ndarray:
    """The largest 8-connected part of a bool mask, its holes closed."""
    count, parts, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    largest = parts == 1 + int(np.argmax(statistics[1:count, cv2.CC_STAT_AREA]))
    outlines, _ = cv2.findContours(largest.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.zeros(mask.shape, np.uint8), outlines, -1, 1, cv2.FILLED) > 0


def _signed_distance(mask: np.ndarray) -> np.ndarray:
    inside, outside = (cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 5) for part in (mask, ~mask))
    return inside - outside
