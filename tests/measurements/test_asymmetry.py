# SPDX-License-Identifier: Apache-2.0
"""What folding leaves over of shapes whose overlap with their mirror image has a closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mt_transunet.measurements.asymmetry import measure_asymmetry

ANGLES = (0, 10, 22.5, 45, 80, 117)


def both(mask: np.ndarray) -> tuple[float, float]:
    found = measure_asymmetry(mask)
    return found["asymmetry_major"], found["asymmetry_minor"]


def half_disc_left_over() -> float:
    """Of the unit half disc folded along the line through its centroid, at y = 4 / (3 pi) above the straight side.

    What lies above the line folds onto [0, y] only in part, for y < 1 / 2; the chord shrinks upwards, so the overlap
    is twice the disc between the heights y and 2 y.
    """
    y = 4 / (3 * math.pi)
    above = [math.acos(height) - height * math.sqrt(1 - height**2) for height in (y, 2 * y)]
    return 1 - 2 * (above[0] - above[1]) / (math.pi / 2)


@pytest.mark.parametrize("radius", [5, 20, 100])
def test_a_disc_is_symmetric_within_its_softened_border(draw, radius):
    mask = draw(lambda u, v: np.hypot(u, v) <= radius, radius + 3)
    assert both(mask) == pytest.approx(
        (0, 0), abs=0.2 / radius
    )  # 0.1 pixel of the perimeter, which is 2 / r of the area


@pytest.mark.parametrize("angle", ANGLES)
def test_an_ellipse_is_symmetric_at_any_angle_within_half_a_percent(draw, angle):
    mask = draw(lambda u, v: np.hypot(u / 100, v / 60) <= 1, 105, angle=angle)
    assert both(mask) == pytest.approx((0, 0), abs=0.005)


@pytest.mark.parametrize("angle", ANGLES)
def test_folding_an_l_leaves_ten_of_27_parts_over_or_nothing(draw, ell, angle):
    # Along the long axis it meets itself as after a half turn about its centroid, (5/6, 5/6) in sides: they share the
    # square [0, 5/3]^2 less a corner of (2/3)^2 each, 17/9 of 3. The short axis is the diagonal, an axis of symmetry.
    assert both(draw(ell(100), 200, angle=angle)) == pytest.approx((10 / 27, 0), abs=0.005)


@pytest.mark.parametrize("angle", ANGLES)
def test_folding_half_a_disc_leaves_the_analytic_share_over(draw, angle):
    mask = draw(lambda u, v: (np.hypot(u, v) <= 120) & (v >= 0), 125, angle=angle)
    assert both(mask) == pytest.approx((half_disc_left_over(), 0), abs=0.005)


def test_the_asymmetry_is_the_mean_of_both_axes(draw, ell):
    found = measure_asymmetry(draw(ell(50), 100))
    assert found["asymmetry"] == (found["asymmetry_major"] + found["asymmetry_minor"]) / 2


def test_what_never_meets_its_mirror_image_is_wholly_asymmetric(draw):
    # Areas of 4 to 1 at a distance of 300: the centroid is 60 from the large disc, whose image lies 120 away from it
    # and 180 from the small one.
    mask = draw(lambda u, v: (np.hypot(u + 60, v) <= 40) | (np.hypot(u - 240, v) <= 20), 270, angle=30)
    assert both(mask) == pytest.approx((0, 1), abs=0.01)


@pytest.mark.parametrize("turns, expected", [(0, (1 / 3, 0)), (1, (0, 1 / 3)), (2, (1 / 3, 0)), (3, (0, 1 / 3))])
def test_a_triangle_of_equal_sides_has_no_principal_axes_and_takes_those_of_the_image(draw, turns, expected):
    # an upright triangle and its image upside down make a hexagram: they share a hexagon, two thirds of it
    directions = np.radians([90, 210, 330])
    triangle = draw(lambda u, v: np.max([u * np.cos(t) + v * np.sin(t) for t in directions], axis=0) <= 60, 125)
    assert both(np.rot90(triangle, turns)) == pytest.approx(expected, abs=0.005)


def test_a_square_along_the_rows_is_exactly_symmetric():
    assert both(np.ones((41, 41))) == pytest.approx((0, 0), abs=1e-6)


@pytest.mark.parametrize("times", [5, 7, 10])
def test_a_lesion_too_large_to_be_kept_at_full_size_reads_the_same(draw, ell, times):
    large = draw(ell(100), 170, angle=20).repeat(times, axis=0).repeat(times, axis=1)  # a long side of 1100 to 2230
    assert both(large) == pytest.approx((10 / 27, 0), abs=0.005)


def test_the_place_in_the_image_does_not_matter(draw, ell):
    mask = draw(ell(30), 60, angle=33)
    moved = np.pad(mask, ((17, 4), (0, 29)))
    assert both(moved) == pytest.approx(both(mask), abs=1e-3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1)])
def test_the_thinnest_lesions_are_symmetric(shape):
    assert both(np.ones(shape)) == pytest.approx((0, 0), abs=1e-6)


def test_two_lone_pixels_far_apart_are_not_lost_when_the_mask_is_reduced():
    line = np.zeros((1, 60_000))
    line[0, [0, -1]] = 1
    assert both(line) == pytest.approx((0, 0), abs=1e-3)


def test_an_empty_mask_has_no_axes():
    with pytest.raises(ValueError, match="no pixel inside the lesion"):
        measure_asymmetry(np.zeros((4, 4)))
