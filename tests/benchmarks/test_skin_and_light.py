# SPDX-License-Identifier: Apache-2.0
"""The angle and the groups of ``benchmarks/skin_and_light.py``."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image
from skimage.color import lab2rgb


@pytest.fixture(scope="module")
def skin_and_light(benchmark_module):
    return benchmark_module("skin_and_light")


def photograph(lightness, yellow, lesion=(40, 30, 30)):
    """A dark square of 20 pixels on skin of one colour, a* = 10, and its mask."""
    colour = lab2rgb(np.array([[[lightness, 10.0, yellow]]]))[0, 0] * 255
    image = np.tile(np.round(colour).astype(np.uint8), (64, 64, 1))
    mask = np.zeros((64, 64), bool)
    mask[20:40, 20:40] = True
    image[mask] = lesion
    return image, mask


@pytest.mark.parametrize("lightness, yellow, angle", [(70, 20, 45), (50, 20, 0), (40, 10, -45), (80, 30 / 3**0.5, 60)])
def test_the_angle_is_that_of_lightness_above_50_over_yellow(skin_and_light, lightness, yellow, angle):
    assert skin_and_light.typology_angle(*photograph(lightness, yellow)) == pytest.approx(angle, abs=1)


def test_the_lesion_and_the_dark_frame_are_no_skin(skin_and_light):
    image, mask = photograph(70, 20)
    changed = image.copy()
    changed[:8], changed[:, :8] = 10, 10
    changed[mask] = (200, 40, 40)
    assert skin_and_light.typology_angle(changed, mask) == skin_and_light.typology_angle(image, mask)


def test_a_lesion_that_fills_the_picture_has_no_angle(skin_and_light):
    image, _ = photograph(70, 20)
    assert math.isnan(skin_and_light.typology_angle(image, np.ones((64, 64), bool)))


def test_the_groups_begin_above_their_bounds(skin_and_light):
    names = [skin_and_light.group_of(angle) for angle in (55.1, 55, 41.1, 41, 28.1, 28, -170)]
    assert names == ["very light", "light", "light", *["intermediate"] * 2, *["tan or darker"] * 2]


def test_the_sheet_shows_the_darkest_group_alone(skin_and_light, tmp_path):
    for name, colour in (("dim", (90, 60, 50)), ("bright", (240, 220, 200))):
        Image.new("RGB", (32, 32), colour).save(tmp_path / f"{name}.png")
    found = {"dim": (-10.0, str(tmp_path / "dim.png")), "bright": (70.0, str(tmp_path / "bright.png"))}
    page = np.asarray(skin_and_light.sheet(found))
    assert page.shape == (214, 1200, 3)
    assert page[100, 100].tolist() == [90, 60, 50] and page[100, 300].tolist() == [255, 255, 255]
