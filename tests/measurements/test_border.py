# SPDX-License-Identifier: Apache-2.0
"""The length of a border against circles, squares and a curve integrated finely."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import perimeter_crofton

from mt_transunet.measurements.border import perimeter

ANGLES = (0, 7, 13.3, 22.5, 26.6, 31, 45)


def wavy(angle):
    """Radius of a lobed outline in direction ``angle``."""
    return 100 * (1 + 0.2 * np.cos(3 * angle) + 0.1 * np.sin(5 * angle))


@pytest.mark.parametrize("radius, error", [(10, 0.025), (30.5, 0.01), (150, 0.003)])
@pytest.mark.parametrize("centre", [(0, 0), (0.5, 0.5), (0.3, 0.1)])
def test_the_border_of_a_disc_is_two_pi_r_within_a_few_thousandths_if_it_is_large(draw, radius, error, centre):
    mask = draw(lambda u, v: np.hypot(u, v) <= radius, int(radius) + 3, centre=centre)
    assert perimeter(mask) == pytest.approx(2 * np.pi * radius, rel=error)


@pytest.mark.parametrize("angle", ANGLES)
def test_the_border_of_a_square_is_four_sides_within_two_percent_at_any_angle(draw, angle):
    mask = draw(lambda u, v: np.maximum(abs(u), abs(v)) <= 200, 290, angle=angle)
    assert perimeter(mask) == pytest.approx(1600, rel=0.02)


def test_the_border_of_a_lobed_outline_is_its_arc_length_within_half_a_percent(draw):
    mask = draw(lambda u, v: np.hypot(u, v) <= wavy(np.arctan2(v, u)), 135)
    angles = np.linspace(0, 2 * np.pi, 10001)
    curve = wavy(angles) * np.exp(1j * angles)
    assert perimeter(mask) == pytest.approx(np.abs(np.diff(curve)).sum(), rel=0.005)


def test_the_four_directions_of_skimage_give_a_disc_the_same_border(draw):
    mask = draw(lambda u, v: np.hypot(u, v) <= 60, 65)
    assert perimeter(mask) == pytest.approx(perimeter_crofton(mask, directions=4), rel=0.005)


def test_the_rim_of_a_hole_counts(draw):
    ring = draw(lambda u, v: (np.hypot(u, v) <= 60) & (np.hypot(u, v) > 30), 65)
    assert perimeter(ring) == pytest.approx(2 * np.pi * (60 + 30), rel=0.005)


def test_components_add_up(draw):
    disc = draw(lambda u, v: np.hypot(u, v) <= 20, 25)
    assert perimeter(np.hstack([disc, disc])) == pytest.approx(2 * perimeter(disc))


def test_the_edge_of_the_array_is_a_border():
    rectangle = np.ones((30, 40))
    assert perimeter(rectangle) == perimeter(np.pad(rectangle, 5))


def test_a_pixel_is_crossed_twice_in_every_direction():
    # share of the angles / distance of neighbours, over the steps (0,1), (1,2) and (1,1), of which there are 2, 4, 2
    beside, diagonal = np.arctan(0.5), np.pi / 4 - np.arctan(0.5)
    expected = 2 * beside + 4 * np.pi / 8 / np.sqrt(5) + 2 * diagonal / np.sqrt(2)
    assert perimeter(np.ones((1, 1))) == pytest.approx(expected)


def test_an_empty_mask_has_no_border():
    assert perimeter(np.zeros((5, 7))) == 0
