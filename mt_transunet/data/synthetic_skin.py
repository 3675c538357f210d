# SPDX-License-Identifier: Apache-2.0
"""Synthetic skin: what absorbs light in it, how that looks, and how a dermatoscope lights and records it."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from .synthetic_noise import cell_noise, fractal_noise, random_places, smoothstep, soft_dots

# Optical densities of one unit of pigment over red, green, blue, chosen by eye: thin melanin is tan, thick melanin
# nearly black (the floor is light that never entered the skin), blood is pink.
_MELANIN = np.array([0.40, 0.76, 1.12], np.float32)
_BLOOD = np.array([0.08, 0.55, 0.42], np.float32)
_PALEST = np.array([0.93, 0.87, 0.83], np.float32)
_FLOOR = np.array([0.085, 0.075, 0.085], np.float32)

# Red, green, blue gains of white balances met in dermoscopy: neutral, pink, blue, yellow-green, dim brown.
_CASTS = np.array(
    [[1.0, 1.0, 1.0], [1.05, 0.93, 0.95], [0.93, 1.0, 1.14], [1.0, 1.04, 0.92], [0.86, 0.79, 0.77]], np.float32
)
_CAST_SHARES = (0.4, 0.12, 0.14, 0.18, 0.16)


class Skin(NamedTuple):
    """Amounts of pigment per pixel, float32 (H,W): melanin and blood from 0, relief the height of the surface."""

    melanin: np.ndarray
    blood: np.ndarray
    relief: np.ndarray


def draw_skin(rng: np.random.Generator, size: tuple[int, int]) -> Skin:
    """Skin of one tone, from very light (most) to dark, with mottling, furrows, freckles and small vessels."""
    short = min(size)
    tone = rng.uniform(0.03, 0.3) if rng.random() < 0.8 else rng.uniform(0.35, 1.15)
    flush = rng.uniform(0.02, 0.17) if rng.random() < 0.82 else rng.uniform(0.2, 0.5)

    mottling = fractal_noise(rng, size, 0.35 * short, 4)
    melanin = tone * (1.0 + 0.12 * mottling) + 0.02 * fractal_noise(rng, size, 0.04 * short, 3)
    melanin = melanin + _freckles(rng, size)
    blood = flush * (1.0 + 0.22 * fractal_noise(rng, size, 0.2 * short, 4)) + _vessels(rng, size, flush)
    relief = rng.uniform(0.3, 1.0) * _furrows(rng, size)
    return Skin(np.maximum(melanin + 0.035 * relief, 0.0), np.maximum(blood, 0.0), relief)


def _furrows(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """The fine criss-cross of skin lines: borders of elongated cells, float32 (H,W) in [-1,0]."""
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
    turn = rng.uniform(0.0, np.pi)
    bend = 0.02 * min(size) * fractal_noise(rng, size, 0.15 * min(size), 2)
    along = math.cos(turn) * columns + math.sin(turn) * rows + bend
    across = 1.6 * (math.cos(turn) * rows - math.sin(turn) * columns) + bend
    _, border = cell_noise(rng, along, across, rng.uniform(0.03, 0.055) * min(size), 0.9)
    return -smoothstep(0.16, 0.0, border)


def _freckles(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Faint brown patches; few on most skins, many on sun-damaged ones."""
    amount = rng.uniform(0.0, 0.04) if rng.random() < 0.65 else rng.uniform(0.08, 0.22)
    patches = smoothstep(1.2, 2.2, fractal_noise(rng, size, 0.07 * min(size), 2))
    spots = random_places(rng, np.ones(size, bool), int(rng.integers(0, 6)))
    radii = rng.uniform(0.006, 0.016, size=len(spots)) * min(size)
    return amount * patches + rng.uniform(0.05, 0.35) * soft_dots(size, spots, radii, 1.5, 1.2)


def _vessels(rng: np.random.Generator, size: tuple[int, int], flush: float) -> np.ndarray:
    """Thin blurred branching red lines: zero crossings of smooth noise, shown in places."""
    lines = smoothstep(0.1, 0.0, np.abs(fractal_noise(rng, size, 0.12 * min(size), 2)))
    shown = smoothstep(0.3, 1.4, fractal_noise(rng, size, 0.3 * min(size), 2))
    return 0.9 * flush * cv2.GaussianBlur(lines * shown, (0, 0), 0.8)


def reflect(melanin: np.ndarray, blood: np.ndarray) -> np.ndarray:
    """Colour of light returned by these amounts of pigment, float32 (3,H,W) in [0,1] (Beer-Lambert with a floor)."""
    planes = zip(_MELANIN, _BLOOD, _PALEST, _FLOOR)
    return np.stack([low + (high - low) * np.exp(-m * melanin - b * blood) for m, b, high, low in planes])


def shade(relief: np.ndarray, strength: float) -> np.ndarray:
    """Gain (H,W) near 1 of a surface lit from the upper left."""
    slope = relief - cv2.GaussianBlur(np.roll(relief, (2, 2), axis=(0, 1)), (0, 0), 0.7)
    return 1.0 + strength * slope


def photograph(rng: np.random.Generator, scene: np.ndarray) -> np.ndarray:
    """Light falling off to one side and to the corners, white balance, exposure, lens blur and sensor noise.

    scene: float32 (3,H,W), planes because they are quicker to compute on. Returns float32 (H,W,3) in [0,1].
    """
    height, width = scene.shape[1:]
    rows = np.linspace(-1.0, 1.0, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1.0, 1.0, width, dtype=np.float32)
    direction = rng.uniform(0.0, 2.0 * np.pi)
    light = 1.0 + rng.uniform(0.0, 0.1) * (math.cos(direction) * columns + math.sin(direction) * rows)
    light = light - rng.uniform(0.02, 0.16) * (rows**2 + columns**2) / 2.0
    cast = _CASTS[rng.choice(len(_CASTS), p=_CAST_SHARES)] * rng.normal(1.0, 0.02, size=3) * rng.uniform(0.9, 1.06)
    image = cv2.merge([plane * (gain * light) for plane, gain in zip(scene, cast.astype(np.float32))])
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.35, 0.8))
    image += rng.standard_normal(image.shape, dtype=np.float32) * np.float32(rng.uniform(0.004, 0.014))
    return np.clip(image, 0.0, 1.0)
