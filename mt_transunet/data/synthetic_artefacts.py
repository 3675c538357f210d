# SPDX-License-Identifier: Apache-2.0
"""What else is on a dermoscopic image: hairs, rulers, dark corners, gel bubbles and ink.

Every function takes an image, float32 (H,W,3) in [0,1], and returns a new one. How often each is drawn does not depend
on the diagnosis, so that none of them gives it away.
"""

from __future__ import annotations

import cv2
import numpy as np

from .synthetic_noise import fractal_noise, smoothstep

_OVERSAMPLING = 3
_INKS = np.array([[0.34, 0.16, 0.56], [0.20, 0.18, 0.50], [0.16, 0.30, 0.34]], np.float32)


def add_artefacts(rng: np.random.Generator, image: np.ndarray, mask: np.ndarray, amount: float) -> np.ndarray:
    """Each artefact with its own probability times `amount`."""
    if rng.random() < 0.14 * amount:
        image = add_ink(rng, image, mask)
    if rng.random() < 0.3 * amount:
        image = add_bubbles(rng, image)
    if rng.random() < 0.75 * amount:
        image = add_hairs(rng, image, count=int(rng.choice([3, 8, 16, 30], p=(0.4, 0.3, 0.2, 0.1))))
    if rng.random() < 0.45 * amount:
        image = add_ruler(rng, image, mask)
    if rng.random() < 0.16 * amount:
        image = add_dark_corners(rng, image, mask)
    return image


def add_hairs(rng: np.random.Generator, image: np.ndarray, *, count: int) -> np.ndarray:
    """Curved, tapering hairs, mostly in one direction, each with a faint shadow."""
    height, width = image.shape[:2]
    factor = _OVERSAMPLING
    canvas = np.zeros((height * factor, width * factor), np.uint8)
    comb = rng.uniform(0.0, 2.0 * np.pi)
    thickest = rng.uniform(0.004, 0.0085) * min(height, width) * factor
    for _ in range(count):
        _draw_hair(rng, canvas, comb + rng.normal(0.0, 0.45), thickest * rng.uniform(0.5, 1.0))
    cover = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    cover = rng.uniform(0.7, 0.97) * cover[..., None]
    shadow = cv2.GaussianBlur(np.roll(cover, (1, 1), axis=(0, 1)), (0, 0), 1.2)[..., None]
    colour = np.array([0.17, 0.12, 0.09], np.float32) * rng.uniform(0.4, 1.9)
    return image * (1.0 - 0.22 * shadow) * (1.0 - cover) + colour * cover


def _draw_hair(rng: np.random.Generator, canvas: np.ndarray, direction: float, thickness: float) -> None:
    """One cubic Bezier curve drawn as short pieces, ever thinner to the tip."""
    extent = np.array(canvas.shape[::-1], float)
    length = rng.uniform(0.25, 1.1) * extent.min()
    ahead = np.array([np.cos(direction), np.sin(direction)])
    aside = np.array([-ahead[1], ahead[0]])
    bends = rng.normal(0.0, 0.16, size=3) * length
    root = rng.uniform(-0.1, 1.1, size=2) * extent - 0.5 * length * ahead
    controls = np.stack([root] + [root + ahead * length * (i + 1) / 3 + aside * bends[i] for i in range(3)])
    t = np.linspace(0.0, 1.0, 28)[:, None]
    weights = np.concatenate([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    points = np.round(weights @ controls).astype(int)
    for i in range(len(points) - 1):
        width = max(int(round(thickness * (1.0 - 0.8 * i / len(points)))), 1)
        cv2.line(canvas, points[i].tolist(), points[i + 1].tolist(), 255, width, cv2.LINE_AA)


def add_ruler(rng: np.random.Generator, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A thin scale with ticks and `mm`, slightly tilted, along the edge of the image farthest from the lesion."""
    height, width = image.shape[:2]
    factor = _OVERSAMPLING
    canvas = np.zeros((height * factor, width * factor), np.uint8)
    extent = np.array([width, height], float) * factor
    edge = _freest_edge(mask)
    ahead = np.array([1.0, 0.0]) if edge in ("top", "bottom") else np.array([0.0, 1.0])
    inward = np.array([-ahead[1], ahead[0]]) * (-1.0 if edge in ("bottom", "left") else 1.0)
    tilt = rng.uniform(-0.12, 0.12)
    turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])

    length = rng.uniform(0.55, 0.75) * float(ahead @ extent)
    middle = 0.5 * extent - inward * (0.5 * abs(inward @ extent) - 0.08 * extent.min())
    ahead, inward = turn @ ahead, turn @ inward
    unit = length / int(rng.integers(10, 16))
    for i in range(int(length / unit) + 1):
        foot = middle + ahead * (i * unit - 0.5 * length)
        tip = foot + inward * (0.028 if i % 5 else 0.05) * extent.min()
        cv2.line(canvas, foot.astype(int).tolist(), tip.astype(int).tolist(), 255, 2, cv2.LINE_AA)
    ends = [(middle + sign * 0.5 * length * ahead).astype(int) for sign in (-1, 1)]
    cv2.line(canvas, ends[0].tolist(), ends[1].tolist(), 255, 2, cv2.LINE_AA)
    word = (ends[0] + (np.array([0.0, 0.012]) - inward * 0.035) * extent.min()).astype(int)
    cv2.putText(canvas, "mm", word.tolist(), cv2.FONT_HERSHEY_SIMPLEX, extent.min() / 1100, 255, 2, cv2.LINE_AA)

    cover = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    cover = 0.85 * (cover * ~mask)[..., None]
    return image * (1.0 - cover) + 0.13 * cover


def _freest_edge(mask: np.ndarray) -> str:
    """The edge of the image whose fifth holds the least of the lesion; below rather than beside."""
    rows, columns = mask.shape[0] // 5, mask.shape[1] // 5
    held = {
        "bottom": mask[-rows:].mean(),
        "top": mask[:rows].mean(),
        "left": mask[:, :columns].mean(),
        "right": mask[:, -columns:].mean(),
    }
    return min(held, key=held.__getitem__)


def add_dark_corners(rng: np.random.Generator, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The black round frame of the dermatoscope, wide enough never to cover the lesion."""
    height, width = image.shape[:2]
    rows, columns = np.ogrid[:height, :width]
    centre = (0.5 * height + rng.normal(0.0, 0.02) * height, 0.5 * width + rng.normal(0.0, 0.02) * width)
    distance = np.hypot(rows - centre[0], columns - centre[1])
    softness = rng.uniform(1.5, 9.0)
    radius = max(rng.uniform(0.86, 1.06) * 0.5 * max(height, width), float(distance[mask].max()) + softness)
    light = smoothstep(radius + softness, radius - softness, distance)[..., None]
    return image * light + rng.uniform(0.0, 0.05) * (1.0 - light)


def add_bubbles(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Bubbles in the contact gel: a dark rim, a clearer inside, a bright crescent towards the light."""
    image = image.copy()
    short = min(image.shape[:2])
    cluster = rng.uniform(0.0, 1.0, size=2) * image.shape[:2]
    for _ in range(int(rng.integers(3, 14))):
        radius = rng.uniform(0.008, 0.04) * short
        row, column = (cluster + rng.normal(0.0, 0.14, size=2) * short).tolist()
        top, left = max(int(row - 2 * radius), 0), max(int(column - 2 * radius), 0)
        patch = image[top : max(int(row + 2 * radius), 0), left : max(int(column + 2 * radius), 0)]
        rows, columns = np.ogrid[: patch.shape[0], : patch.shape[1]]
        down, right = (rows + top - row) / radius, (columns + left - column) / radius
        distance = np.hypot(down, right)
        rim = np.exp(-(((distance - 1.0) / 0.16) ** 2))
        facing = smoothstep(0.3, 1.3, -(down + right) / np.maximum(distance, 0.1))
        glint = np.exp(-(((distance - 0.68) / 0.17) ** 2)) * facing + 0.5 * rim * (1.0 - facing) * (down + right > 0)
        patch *= (1.0 - 0.33 * rim + 0.05 * (distance < 1.0))[..., None]
        patch += 0.62 * glint[..., None] * (1.0 - patch)
    return np.clip(image, 0.0, 1.0)


def add_ink(rng: np.random.Generator, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A surgeon's marker beside the lesion: strokes that the grain of the skin breaks up."""
    size = mask.shape
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5) / min(size)
    bend = 0.02 * fractal_noise(rng, size, 0.2 * min(size), 2)
    ring = np.exp(-(((away - rng.uniform(0.1, 0.18) + bend) / rng.uniform(0.015, 0.05)) ** 2))
    sector = smoothstep(0.0, 0.8, fractal_noise(rng, size, 0.6 * min(size), 1) + rng.uniform(-0.2, 0.6))
    grain = smoothstep(-0.5, 1.3, fractal_noise(rng, size, 5.0, 3, stretch=rng.uniform(1.0, 2.0)))
    cover = (rng.uniform(0.5, 0.9) * ring * sector * grain * smoothstep(0.01, 0.03, away))[..., None]
    ink = _INKS[rng.choice(len(_INKS), p=(0.65, 0.25, 0.1))]
    return (image * (1.0 - cover) + ink * cover).astype(np.float32)
