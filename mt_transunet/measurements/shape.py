# SPDX-License-Identifier: Apache-2.0
"""How large a lesion is and how much its outline departs from a disc."""

from __future__ import annotations

import math

import cv2
import numpy as np
from scipy.spatial.distance import pdist

from .border import perimeter

__all__ = ["measure_shape"]


def measure_shape(mask: np.ndarray) -> dict[str, float]:
    """Size, border irregularity and solidity of everything inside the mask, holes and components as they are.

    A pixel is a unit square and the lesion the union of its squares.

    Args:
        mask: (H, W), non-zero inside the lesion, with at least one such pixel.

    Returns:
        ``area_px``: the number of pixels, A.
        ``diameter_px``: of the disc of the same area, sqrt(4 A / pi), in pixels.
        ``longest_px``: largest distance between two points of the lesion (maximum Feret diameter), in pixels: the D
            of the clinical ABCD rule, "greater than 6 mm" (Friedman, Rigel and Kopf, CA Cancer J Clin 35:130-151,
            1985). Between the outer corners of pixels: exact for a rectangle along the rows, up to sqrt(2) too long
            for a round lesion. Never below ``diameter_px``. Spans the gap between components.
        ``border_irregularity``: P^2 / (4 pi A), the irregularity index of Golston et al., "Automatic detection of
            irregular borders in melanoma and other skin tumors", Comput Med Imaging Graph 16:199-203, 1992. 1 for a
            disc, more for anything else; n discs alike give n. P is that of ``perimeter``: its error counts twice,
            so a disc reads within 0.5 % of 1 from a radius of 50 pixels, 4 % from 10. Never below 1: of lesions of
            fewer than about 30 pixels P says too little.
        ``solidity``: A over the area of the convex hull, in (0, 1], 1 for a rectangle along the rows. The corners of
            pixels stand out of a slanted border, so a disc of radius r reads about 1 - 1 / r.

    Raises:
        ValueError: an empty mask.
    """
    inside = np.asarray(mask) != 0
    area = int(np.count_nonzero(inside))
    if not area:
        raise ValueError("mask has no pixel inside the lesion; an empty mask has no shape")
    hull = _hull(inside)
    return {
        "area_px": float(area),
        "diameter_px": math.sqrt(4 * area / math.pi),
        "longest_px": float(pdist(hull).max()),
        "border_irregularity": max(1.0, perimeter(inside) ** 2 / (4 * math.pi * area)),
        "solidity": area / cv2.contourArea(hull),
    }


def _hull(inside: np.ndarray) -> np.ndarray:
    """(n, 2) corners of the convex hull of the pixels' squares, column first: integers, so exact."""
    rows = np.flatnonzero(inside.any(axis=1))
    first = inside[rows].argmax(axis=1)
    after = inside.shape[1] - inside[rows, ::-1].argmax(axis=1)  # the right side of the last pixel
    corners = [(columns, rows + below) for columns in (first, after) for below in (0, 1)]
    points = np.concatenate([np.stack(corner, axis=1) for corner in corners]).astype(np.int32)
    return cv2.convexHull(points)[:, 0]
