# SPDX-License-Identifier: Apache-2.0
"""All measurements of one lesion, in pixels and, where the scale is known, in millimetres."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .asymmetry import measure_asymmetry
from .colour import measure_colour
from .shape import measure_shape

__all__ = ["measure_lesion"]

_NAMES = (
    "area_px",
    "area_mm2",
    "diameter_px",
    "diameter_mm",
    "longest_px",
    "longest_mm",
    "asymmetry_major",
    "asymmetry_minor",
    "asymmetry",
    "border_irregularity",
    "solidity",
    "colour_variegation",
    "colours",
)
_IN_MILLIMETRES = (("area_px", "area_mm2", 2), ("diameter_px", "diameter_mm", 1), ("longest_px", "longest_mm", 1))


def measure_lesion(
    image: np.ndarray, mask: np.ndarray, *, millimetres_per_pixel: float | None = None
) -> dict[str, float | None]:
    """The ABCD rule's asymmetry, border, colour and diameter of everything inside the mask.

    The definitions, sources and errors stand with ``measure_asymmetry``, ``measure_shape`` (border and diameter) and
    ``measure_colour``. Several components are measured as one lesion. Where the lesion is cut by the edge of the
    image, the edge counts as its border, and its size is a lower bound.

    Args:
        image: (H, W, 3) uint8, RGB.
        mask: (H, W), True or non-zero inside the lesion.
        millimetres_per_pixel: side of a pixel on the skin; the millimetres are ``None`` without it.

    Returns:
        Always these names, in this order: ``area_px``, ``area_mm2``, ``diameter_px``, ``diameter_mm`` (of the disc of
        the same area), ``longest_px``, ``longest_mm``, ``asymmetry_major``, ``asymmetry_minor``, ``asymmetry``,
        ``border_irregularity``, ``solidity``, ``colour_variegation``, ``colours``. An empty mask has an area of 0 and
        ``None`` for everything else.

    Raises:
        ValueError: an image or a mask of another form, or a scale that is not positive and finite.
    """
    inside = _checked(image, mask)
    if millimetres_per_pixel is not None and not 0 < millimetres_per_pixel < math.inf:
        raise ValueError(
            f"millimetres_per_pixel must be positive and finite, got {millimetres_per_pixel}; None if it is unknown"
        )
    measured: dict[str, float | None] = {**dict.fromkeys(_NAMES), "area_px": 0.0}
    left, top, width, height = cv2.boundingRect(inside)
    if width:
        box = slice(top, top + height), slice(left, left + width)
        measured |= measure_shape(inside[box])
        measured |= measure_asymmetry(inside[box])
        measured |= measure_colour(image[box], inside[box])
    if millimetres_per_pixel is not None:
        for pixels, millimetres, power in _IN_MILLIMETRES:
            length = measured[pixels]
            measured[millimetres] = None if length is None else length * millimetres_per_pixel**power
    return measured


def _checked(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The mask as (H, W) uint8 of 0 and 1."""
    image, mask = np.asarray(image), np.asarray(mask)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"image must be (H, W, 3) uint8, got {image.shape} {image.dtype}; pass RGB from 0 to 255")
    if mask.shape != image.shape[:2]:
        raise ValueError(f"mask must be (H, W) like the image {image.shape[:2]}, got {mask.shape}; resize it first")
    return (mask != 0).astype(np.uint8)
