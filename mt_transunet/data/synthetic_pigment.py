# SPDX-License-Identifier: Apache-2.0
"""What fills a synthetic lesion: pigment network, globules, veil and regression, cysts and plugged openings.

The three kinds draw how dark they are from one range, so that mean colour does not tell them apart: structure does.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from .synthetic_noise import cell_noise, fractal_noise, random_places, smoothstep, soft_dots
from .synthetic_shape import Lesion


class Pigment(NamedTuple):
    """Added to the skin, float32 (H,W): melanin and blood from 0; veil (blue-grey) and pale (white) cover, in [0,1];
    relief, the height of the surface; presence, the share of the skin that the lesion replaces, in [0,1]."""

    melanin: np.ndarray
    blood: np.ndarray
    veil: np.ndarray
    pale: np.ndarray
    relief: np.ndarray
    presence: np.ndarray


def draw_pigment(rng: np.random.Generator, lesion: Lesion, label: int, difficulty: float) -> Pigment:
    """Pigment of a lesion of the kind `label`; the greater `difficulty` in [0,1], the paler the palest lesions."""
    darkness = float(np.exp(rng.uniform(np.log(1.05 - 0.95 * difficulty), np.log(2.3))))
    return (_nevus, _melanoma, _keratosis)[label](rng, lesion, darkness)


def _cells(
    rng: np.random.Generator, lesion: Lesion, pitch: float, jitter: float, thickness: float
) -> tuple[np.ndarray, np.ndarray]:
    """A honeycomb with meshes of `pitch` pixels: its lines and the round spots in its meshes, float32 (H,W) in [0,1].

    Both are 0 far outside the lesion.
    """
    near = lesion.depth > -0.4 * lesion.radius
    top, left = (int(np.flatnonzero(near.any(axis=axis))[0]) for axis in (1, 0))
    bottom, right = (int(np.flatnonzero(near.any(axis=axis))[-1]) + 1 for axis in (1, 0))
    rows, columns = np.mgrid[top:bottom, left:right].astype(np.float32)
    box = rows.shape
    bend = [0.35 * pitch * fractal_noise(rng, box, 2.5 * pitch, 2) for _ in range(2)]
    nearest, border = cell_noise(rng, columns + bend[0], rows + bend[1], pitch, jitter)
    width = thickness * (1.0 + 0.35 * fractal_noise(rng, box, 4.0 * pitch, 2))
    lines, spots = np.zeros((2, *lesion.mask.shape), np.float32)
    lines[top:bottom, left:right] = np.clip(1.0 - border / np.maximum(width, 0.08), 0.0, 1.0)
    spots[top:bottom, left:right] = smoothstep(0.55, 0.2, nearest)
    return cv2.GaussianBlur(lines, (0, 0), 0.6), spots


def _grain(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    return fractal_noise(rng, size, 4.0, 2)


def _radii(rng: np.random.Generator, count: int, typical: float) -> np.ndarray:
    """Many small, few large: radii spread log-normally about `typical`, pixels."""
    return typical * np.exp(rng.normal(0.0, 0.45, size=count)) + 0.4


def _nevus(rng: np.random.Generator, lesion: Lesion, darkness: float) -> Pigment:
    """Even brown that fades at the border; a regular network, regular globules, or grain alone."""
    size, radius = lesion.mask.shape, lesion.radius
    fade = rng.uniform(0.2, 0.6) * radius
    edge = lesion.depth + 0.09 * fade * fractal_noise(rng, size, 0.2 * radius, 3)
    presence = smoothstep(-0.25 * fade, 0.75 * fade, edge)
    middle = smoothstep(0.0, 0.9 * radius, lesion.depth)
    base = 0.75 + rng.uniform(-0.15, 0.5) * middle + 0.12 * fractal_noise(rng, size, 0.35 * radius, 3)

    pattern = rng.choice(3, p=(0.5, 0.25, 0.25))
    lines, spots = _cells(rng, lesion, min(max(rng.uniform(0.08, 0.13) * radius, 4.0), 9.0), 0.5, 0.4)
    shown = smoothstep(-1.5, 0.6, fractal_noise(rng, size, 0.5 * radius, 2))
    if pattern == 0:
        structure = 0.85 + rng.uniform(0.45, 0.8) * (lines - 0.3) * (1.0 - 0.55 * middle) * shown
    elif pattern == 1:
        structure = 0.7 + rng.uniform(0.4, 0.8) * spots * (0.5 + 0.5 * shown)
    else:
        structure = 0.9 + 0.1 * fractal_noise(rng, size, 0.12 * radius, 2) + 0.15 * (lines - 0.3) * shown
    structure = structure + rng.uniform(0.04, 0.1) * _grain(rng, size)

    openings = random_places(rng, lesion.mask, int(rng.integers(0, 14)))
    holes = soft_dots(size, openings, _radii(rng, len(openings), 0.8), 1.0)
    melanin = darkness * presence * np.maximum(base * structure, 0.05) * (1.0 - 0.45 * holes)
    blood = rng.uniform(0.0, 0.45) * presence * (1.0 + 0.2 * shown)
    none = np.zeros(size, np.float32)
    return Pigment(melanin, blood, none, none, 0.3 * presence * (middle - structure), presence)


def _melanoma(rng: np.random.Generator, lesion: Lesion, darkness: float) -> Pigment:
    """Blotches of several browns and black, with most of: blue-grey veil, white, red, black dots, broken network."""
    size, radius = lesion.mask.shape, lesion.radius
    noise = [fractal_noise(rng, size, share * radius, 3) for share in (0.9, 0.7, 0.8, 0.6, 0.5)]
    # any two to five of: blotch, dots, veil, white, red
    amounts = np.where(rng.permutation(5) < rng.integers(2, 6), rng.uniform(0.3, 1.0, size=5), 0.0).tolist()
    fade = radius * (0.07 + 0.35 * smoothstep(-0.5, 1.2, noise[0]))
    edge = lesion.depth + 0.03 * radius * fractal_noise(rng, size, 0.12 * radius)
    presence = smoothstep(-0.35, 0.65, edge / fade)
    inner = smoothstep(0.02 * radius, 0.35 * radius, lesion.depth)

    zones = 0.3 + 0.6 * smoothstep(-1.0, 1.0, noise[1]) + 0.6 * smoothstep(0.0, 1.6, noise[2])
    lines, spots = _cells(rng, lesion, min(max(rng.uniform(0.1, 0.19) * radius, 5.0), 13.0), 1.0, 0.45)
    texture = 0.9 + 0.12 * _grain(rng, size) + 0.12 * fractal_noise(rng, size, 0.1 * radius, 2)
    texture = texture + smoothstep(-0.3, 0.8, noise[3]) * (lines - 0.3) + 0.5 * spots * smoothstep(0.3, 1.0, noise[4])
    melanin = darkness * presence * np.maximum(zones * texture, 0.04)
    melanin = melanin + 2.6 * amounts[0] * inner * smoothstep(0.4, 1.7, noise[1] + 0.5 * noise[2]) * texture

    dots = random_places(rng, lesion.mask & (noise[4] > 0.2), int(rng.integers(15, 60)) if amounts[1] else 3)
    specks = soft_dots(size, dots, _radii(rng, len(dots), 0.012 * radius), 0.5, 1.15)
    melanin = melanin + 1.8 * specks + rng.uniform(0.4, 1.0) * (0.5 + darkness) * lesion.streaks

    white = 0.75 * amounts[3] * inner * smoothstep(0.2, 1.7, -noise[1] - 0.4 * noise[3])
    pepper = smoothstep(1.5, 2.6, fractal_noise(rng, size, 2.2, 1)) * (white > 0.1)
    veil = 0.72 * amounts[2] * inner * smoothstep(-0.6, 1.7, noise[3] + 0.5 * noise[2]) * np.clip(texture, 0.4, 1.15)
    veil = np.maximum(veil * (1.0 - 0.6 * specks) * (1.0 - white), 0.4 * pepper)
    blood = presence * (rng.uniform(0.05, 0.3) + 1.1 * amounts[4] * smoothstep(-0.2, 1.6, noise[4]))
    relief = presence * (0.25 * noise[3] - 0.3 * texture)
    return Pigment(melanin * (1.0 - 0.75 * white), blood, veil, white * (1.0 - pepper), relief, presence)


def _keratosis(rng: np.random.Generator, lesion: Lesion, darkness: float) -> Pigment:
    """A sharply cut, stuck-on plaque: ridges or warts, bright cysts, dark plugged openings, a waxy surface."""
    size, radius = lesion.mask.shape, lesion.radius
    edge = lesion.depth + 0.6 * fractal_noise(rng, size, 4.0, 1)
    presence = smoothstep(-1.3, 1.5, edge)
    plateau = smoothstep(0.0, 0.2 * radius, lesion.depth)
    ridged = rng.uniform(0.0, 1.0)
    fold = np.abs(fractal_noise(rng, size, rng.uniform(0.16, 0.26) * radius, 1))
    furrows = cv2.GaussianBlur(smoothstep(0.5, 0.0, fold), (0, 0), 0.8)
    gaps, warts = _cells(rng, lesion, rng.uniform(0.13, 0.24) * radius + 2.0, 0.8, 0.3)
    mottling = fractal_noise(rng, size, 0.45 * radius, 3)

    valleys = ridged * furrows + 0.8 * (1.0 - ridged) * gaps
    base = 0.6 + 0.15 * mottling + rng.uniform(-0.15, 0.15) * (1.0 - plateau) + 0.08 * _grain(rng, size)
    melanin = darkness * presence * np.maximum(base + rng.uniform(0.2, 0.7) * (valleys - 0.2), 0.05)
    cysts = random_places(rng, lesion.depth > 0.06 * radius, int(rng.integers(5, 30)))
    bright = soft_dots(size, cysts, _radii(rng, len(cysts), 0.02 * radius), 1.0)
    plugs = random_places(rng, lesion.depth > 0.06 * radius, int(rng.integers(4, 22)))
    dark = soft_dots(size, plugs, _radii(rng, len(plugs), 0.026 * radius), 0.5, 1.3)
    melanin = (melanin + rng.uniform(1.0, 2.0) * dark) * (1.0 - 0.7 * bright)

    grey = rng.uniform(0.0, 0.5) * presence * smoothstep(-1.5, 1.5, mottling) * (1.0 - bright)
    scales = rng.uniform(0.0, 0.35) * plateau * smoothstep(1.0, 2.2, fractal_noise(rng, size, 0.08 * radius + 2.0, 3))
    blood = rng.uniform(0.0, 0.3) * presence
    pale = np.maximum(rng.uniform(0.3, 0.7) * bright, scales)
    relief = 1.2 * cv2.GaussianBlur(presence, (0, 0), 2.0) + presence * ((1.0 - ridged) * warts - ridged * furrows)
    return Pigment(melanin, blood, grey * (1.0 - 0.7 * dark), pale, relief - dark + 0.4 * bright, presence)
