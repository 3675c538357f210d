# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from mt_transunet.data.synthetic_noise import cell_noise, fractal_noise, random_places, smoothstep, soft_dots


def test_smoothstep_is_half_in_the_middle_and_flat_outside():
    value = np.array([-1.0, 0.0, 1.0, 2.0, 5.0])
    np.testing.assert_allclose(smoothstep(0.0, 2.0, value), [0.0, 0.0, 0.5, 1.0, 1.0])


def test_smoothstep_with_low_above_high_falls():
    np.testing.assert_allclose(smoothstep(2.0, 0.0, np.array([0.0, 0.5, 2.0])), [1.0, 0.84375, 0.0])


@pytest.mark.parametrize("scale", [2.0, 9.0, 40.0])
def test_noise_is_standardised_at_every_scale(scale):
    noise = fractal_noise(np.random.default_rng(0), (400, 400), scale, 3)
    assert noise.shape == (400, 400) and noise.dtype == np.float32
    assert abs(noise.mean()) < 0.35
    assert 0.75 < noise.std() < 1.3


def test_noise_of_greater_scale_changes_more_slowly():
    steps = [
        np.abs(np.diff(fractal_noise(np.random.default_rng(1), (120, 120), scale))).mean() for scale in (4.0, 40.0)
    ]
    assert steps[1] < 0.3 * steps[0]


def test_stretched_noise_changes_more_slowly_along_the_columns():
    noise = fractal_noise(np.random.default_rng(2), (120, 120), 6.0, 1, stretch=4.0)
    assert np.abs(np.diff(noise, axis=1)).mean() < 0.5 * np.abs(np.diff(noise, axis=0)).mean()


def test_cells_without_jitter_have_one_centre_per_pitch_squared():
    rows, columns = np.mgrid[:160, :160].astype(np.float32)
    nearest, border = cell_noise(np.random.default_rng(0), columns, rows, 16.0, 0.0)
    # discs of a quarter of the pitch about the centres cover pi / 16 of the plane
    assert np.mean(nearest < 0.25) == pytest.approx(np.pi / 16.0, abs=0.03)
    # a centre is half the distance between centres from its border, give or take a raster point (an eighth)
    assert 0.375 <= border.max() <= 0.625
    # a centre is far from the border of its cell
    assert border[nearest < 0.1].min() > 0.25


def test_one_dot_covers_the_area_of_its_disc_to_a_third_of_a_pixel_of_radius():
    coverage = soft_dots((40, 40), np.array([[20.0, 20.0]]), np.array([6.0]))
    assert np.pi * (6.0 - 1.0 / 3.0) ** 2 < coverage.sum() < np.pi * (6.0 + 1.0 / 3.0) ** 2
    assert coverage[20, 20] == 1.0 and coverage[0, 0] == 0.0


def test_random_places_are_distinct_and_allowed_and_no_more_than_there_are():
    allowed = np.zeros((6, 7), bool)
    allowed[2, 3] = allowed[4, 1] = True
    places = random_places(np.random.default_rng(0), allowed, 5)
    assert sorted(map(tuple, places.tolist())) == [(2, 3), (4, 1)]
