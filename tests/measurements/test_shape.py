# SPDX-License-Identifier: Apache-2.0
"""Area, diameters, border irregularity and solidity of discs, ellipses, rectangles and an L."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from scipy.special import ellipe

from mt_transunet.measurements.shape import measure_shape

ANGLES = (0, 10, 22.5, 45, 70)


def speckled(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((9, 13)) < 0.15


def pixel_corners(mask: np.ndarray) -> np.ndarray:
    """(4 n, 2) corners of every pixel inside."""
    return np.concatenate([np.argwhere(mask) + corner for corner in np.ndindex(2, 2)])


def test_a_disc_has_its_area_and_diameter_within_a_thousandth(draw):
    shape = measure_shape(draw(lambda u, v: np.hypot(u, v) <= 100, 105))
    assert shape["area_px"] == pytest.approx(math.pi * 100**2, rel=1e-3)
    assert shape["diameter_px"] == pytest.approx(200, rel=1e-3)


def test_a_rectangle_of_three_to_four_has_the_diagonal_five():
    shape = measure_shape(np.ones((30, 40)))
    assert shape["area_px"] == 1200 and shape["longest_px"] == pytest.approx(50)
    assert shape["diameter_px"] == pytest.approx(math.sqrt(4800 / math.pi))


@pytest.mark.parametrize("angle", ANGLES)
def test_the_longest_extent_of_an_ellipse_is_its_long_axis_within_a_pixel_and_a_half(draw, angle):
    mask = draw(lambda u, v: np.hypot(u / 80, v / 40) <= 1, 85, angle=angle)
    assert measure_shape(mask)["longest_px"] == pytest.approx(160, abs=1.5)


def test_the_longest_extent_spans_the_gap_between_components():
    mask = np.zeros((50, 50))
    mask[5, 10] = mask[33, 30] = 1  # 29 rows and 21 columns from outer side to outer side
    assert measure_shape(mask)["longest_px"] == pytest.approx(math.hypot(29, 21))


@pytest.mark.parametrize("seed", range(5))
def test_the_longest_extent_is_the_largest_distance_between_any_corners_of_pixels(seed):
    mask = speckled(seed)
    assert measure_shape(mask)["longest_px"] == pytest.approx(pdist(pixel_corners(mask)).max())


@pytest.mark.parametrize("seed", range(5))
def test_solidity_is_the_area_over_that_of_the_hull_of_all_corners(seed):
    mask = speckled(seed)
    assert measure_shape(mask)["solidity"] == pytest.approx(mask.sum() / ConvexHull(pixel_corners(mask)).volume)


def test_an_l_fills_six_sevenths_of_its_hull(draw, ell):
    # the hull of three squares in an L: four squares less half of one
    assert measure_shape(draw(ell(60), 90))["solidity"] == pytest.approx(3 / 3.5)


def test_the_solidity_of_a_disc_is_one_within_a_hundredth(draw):
    assert measure_shape(draw(lambda u, v: np.hypot(u, v) <= 150, 155))["solidity"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (1, 3)])
def test_the_border_irregularity_of_a_few_pixels_is_not_below_that_of_a_disc(size):
    assert measure_shape(np.ones(size, bool))["border_irregularity"] == 1


@pytest.mark.parametrize("radius, error", [(10, 0.04), (30, 0.02), (100, 0.005)])
@pytest.mark.parametrize("centre", [(0, 0), (0.3, 0.1)])
def test_the_border_irregularity_of_a_disc_is_one_within_half_a_percent_if_it_is_large(draw, radius, error, centre):
    shape = measure_shape(draw(lambda u, v: np.hypot(u, v) <= radius, radius + 3, centre=centre))
    assert shape["border_irregularity"] == pytest.approx(1, abs=error)


@pytest.mark.parametrize("angle", ANGLES)
def test_the_border_irregularity_of_an_ellipse_is_the_analytic_one_within_one_percent(draw, angle):
    mask = draw(lambda u, v: np.hypot(u / 80, v / 40) <= 1, 85, angle=angle)
    circumference = 4 * 80 * ellipe(1 - (40 / 80) ** 2)
    expected = circumference**2 / (4 * math.pi * math.pi * 80 * 40)
    assert measure_shape(mask)["border_irregularity"] == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("angle", ANGLES)
def test_the_border_irregularity_of_an_l_is_the_analytic_one_within_four_percent(draw, ell, angle):
    # eight sides and three squares: (8 s)^2 / (4 pi 3 s^2)
    mask = draw(ell(100), 200, angle=angle)
    assert measure_shape(mask)["border_irregularity"] == pytest.approx(16 / (3 * math.pi), rel=0.04)


def test_three_discs_are_three_times_as_irregular_as_one(draw):
    disc = draw(lambda u, v: np.hypot(u, v) <= 20, 25)
    three = measure_shape(np.hstack([disc, disc, disc]))["border_irregularity"]
    assert three == pytest.approx(3 * measure_shape(disc)["border_irregularity"])


def test_an_empty_mask_has_no_shape():
    with pytest.raises(ValueError, match="no pixel inside the lesion"):
        measure_shape(np.zeros((4, 4)))
