# SPDX-License-Identifier: Apache-2.0
"""The spread of two colours by its closed form, and the named colours at and below their least share."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mt_transunet.measurements.colour import REFERENCE_COLOURS, measure_colour

BLACK, WHITE, RED, BLUE = (0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 0, 255)


def painted(second: np.ndarray, first_colour: tuple, second_colour: tuple) -> np.ndarray:
    return np.where(second[..., None], np.uint8(second_colour), np.uint8(first_colour))


def in_shares(*colours_and_pixels: tuple[tuple, int]) -> np.ndarray:
    """(1, n, 3) with so many pixels of each colour."""
    return np.concatenate([np.tile(np.uint8(colour), (1, pixels, 1)) for colour, pixels in colours_and_pixels], axis=1)


def variegation(image: np.ndarray, mask: np.ndarray | None = None) -> float:
    return measure_colour(image, np.ones(image.shape[:2]) if mask is None else mask)["colour_variegation"]


def colours(*colours_and_pixels: tuple[tuple, int]) -> float:
    image = in_shares(*colours_and_pixels)
    return measure_colour(image, np.ones(image.shape[:2]))["colours"]


def test_a_disc_of_one_colour_has_no_variegation(draw):
    disc = draw(lambda u, v: np.hypot(u, v) <= 20, 25)
    assert variegation(painted(disc, WHITE, (120, 80, 60)), disc) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("inner", [20, 40, 70])
def test_a_white_disc_with_a_black_core_varies_by_the_root_of_its_shares(draw, inner):
    # white and black are 100 apart (L* alone); the core has the share (inner / 80)^2
    disc = draw(lambda u, v: np.hypot(u, v) <= 80, 85)
    core = draw(lambda u, v: np.hypot(u, v) <= inner, 85)
    share = (inner / 80) ** 2
    assert variegation(painted(core, WHITE, BLACK), disc) == pytest.approx(
        100 * math.sqrt(share * (1 - share)), abs=0.05
    )


def test_halves_of_red_and_blue_vary_by_half_their_published_difference(draw):
    # sRGB red and blue in CIELAB (D65), as published by Lindbloom: (53.24, 80.09, 67.20) and (32.30, 79.19, -107.86)
    disc = draw(lambda u, v: np.hypot(u, v) <= 50, 55, centre=(0.5, 0))
    left = draw(lambda u, v: u < 0, 55, centre=(0.5, 0))
    difference = math.dist((53.24, 80.09, 67.20), (32.30, 79.19, -107.86))
    assert variegation(painted(left, RED, BLUE), disc) == pytest.approx(difference / 2, abs=0.01)


def test_skin_outside_the_lesion_changes_nothing(draw):
    disc = draw(lambda u, v: np.hypot(u, v) <= 20, 25)
    noise = np.random.default_rng(0).integers(0, 256, (*disc.shape, 3), dtype=np.uint8)
    other = np.where(disc[..., None], noise, 255 - noise)
    assert measure_colour(noise, disc) == measure_colour(other, disc)


def test_a_lesion_of_a_million_pixels_keeps_the_variegation_of_a_smaller_one():
    columns = np.broadcast_to(np.arange(1000) < 250, (1000, 1000))
    assert variegation(painted(columns, WHITE, BLACK)) == pytest.approx(100 * math.sqrt(3) / 4, abs=0.01)


@pytest.mark.parametrize("name", REFERENCE_COLOURS)
def test_every_reference_colour_is_one_colour(name):
    assert colours((REFERENCE_COLOURS[name], 7)) == 1


@pytest.mark.parametrize("count", range(1, 7))
def test_as_many_reference_colours_as_there_are_get_counted(count):
    assert colours(*[(colour, 10) for colour in list(REFERENCE_COLOURS.values())[:count]]) == count


@pytest.mark.parametrize("pixels, expected", [(4, 1), (5, 2)])
def test_a_colour_counts_from_five_percent_of_the_lesion(pixels, expected):
    brown, black = REFERENCE_COLOURS["light brown"], REFERENCE_COLOURS["black"]
    assert colours((brown, 100 - pixels), (black, pixels)) == expected


def test_shades_nearest_to_the_same_reference_are_one_colour():
    red, green, blue = REFERENCE_COLOURS["dark brown"]
    assert colours((REFERENCE_COLOURS["dark brown"], 10), ((red + 9, green - 5, blue + 4), 10)) == 1


def test_an_empty_mask_has_no_colour():
    with pytest.raises(ValueError, match="no pixel inside the lesion"):
        measure_colour(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4)))
