# SPDX-License-Identifier: Apache-2.0
"""How much of a lesion is left over when it is folded along its principal axes."""

from __future__ import annotations

import math

import cv2
import numpy as np

__all__ = ["measure_asymmetry"]

_LONGEST_SIDE = 1024  # of the mask that is folded: then a symmetric L reads below 0.003
_BLUR = 1.0  # standard deviation in reduced pixels; see _softened
_ROUND = 0.01  # below this difference of the principal moments, as a share of their sum, there are no principal axes


def measure_asymmetry(mask: np.ndarray) -> dict[str, float]:
    """Share of the lesion without a mirror image, about each principal axis through its centroid.

    |L xor L'| / (2 |L|), where L' is L reflected in the axis: the area that folding along the axis leaves over,
    divided by the area of the lesion. In the manner of Stoecker, Li and Moss, "Automatic detection of asymmetry in
    skin tumors", Comput Med Imaging Graph 16:191-197, 1992, but always in both principal axes. It is the shape's
    alone: colour and structure, which a dermatologist's A also weighs, play no part.

    The principal axes are those of the second central moments. Where these differ by less than 1 % of their sum (disc,
    square, regular polygon) the axes would be noise, and those of the image serve: "major" is then along the rows.

    A long side above 1024 pixels is reduced by a whole number first. The border is softened over about one (reduced)
    pixel and reflected with linear interpolation: a mirror-symmetric lesion reads about 0.1 pixel (0.2 at most) times
    its perimeter over its area instead of 0, which is 0.002 for a disc of radius 100. The whole mask, holes and all
    components, has one centroid and one pair of axes.

    Args:
        mask: (H, W), non-zero inside the lesion, with at least one such pixel.

    Returns:
        ``asymmetry_major`` and ``asymmetry_minor``, reflected in the long and in the short principal axis, and
        ``asymmetry``, their mean. In [0, 1]: 0 is mirror-symmetric, 1 means that nothing meets its mirror image.

    Raises:
        ValueError: an empty mask.
    """
    inside = np.asarray(mask) != 0
    if not inside.any():
        raise ValueError("mask has no pixel inside the lesion; an empty mask has no axes")
    aligned = _aligned(_softened(inside))
    # the major axis is the middle row, the minor axis the middle column
    major, minor = (_left_over(aligned, axis) for axis in (0, 1))
    return {"asymmetry_major": major, "asymmetry_minor": minor, "asymmetry": (major + minor) / 2}


def _softened(inside: np.ndarray) -> np.ndarray:
    """(h, w) float32, how much of each reduced pixel is lesion, with a soft border inside a dark margin.

    The jagged border of a mask is no mirror image of itself even for a disc; a soft one nearly is. Softening both
    sides alike keeps the area between two borders that are parallel.
    """
    factor = math.ceil(max(inside.shape) / _LONGEST_SIDE)
    margin = [(0, -side % factor) for side in inside.shape]  # whole blocks, so that both sides shrink alike
    blocks = np.pad(inside.astype(np.float32), margin)  # no integers: a lone pixel must not be rounded away
    height, width = blocks.shape
    reduced = cv2.resize(blocks, (width // factor, height // factor), interpolation=cv2.INTER_AREA)
    coverage = np.pad(reduced, math.ceil(5 * _BLUR))
    return cv2.GaussianBlur(coverage, (0, 0), _BLUR)


def _aligned(plane: np.ndarray) -> np.ndarray:
    """(n, n) turned so that the centroid lies in the middle and the major axis along the rows."""
    moments = cv2.moments(plane)
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    difference, mixed = moments["mu20"] - moments["mu02"], 2 * moments["mu11"]
    is_round = math.hypot(difference, mixed) < _ROUND * (moments["mu20"] + moments["mu02"])
    angle = 0.0 if is_round else math.atan2(mixed, difference) / 2
    cos, sin = math.cos(angle), math.sin(angle)
    height, width = plane.shape
    reach = math.ceil(math.hypot(max(x, width - 1 - x), max(y, height - 1 - y)))  # to the farthest corner
    # a pixel of the result -> where it comes from: turned about the middle (reach, reach), which comes from (x, y)
    source = np.array([[cos, -sin, x - reach * (cos - sin)], [sin, cos, y - reach * (cos + sin)]])
    return cv2.warpAffine(plane, source, (2 * reach + 1,) * 2, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def _left_over(plane: np.ndarray, axis: int) -> float:
    left_over = np.abs(plane - np.flip(plane, axis)).sum(dtype=np.float64) / 2
    return min(float(left_over / plane.sum(dtype=np.float64)), 1.0)  # rounding may lift it above
