# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from mt_transunet.data.synthetic_skin import draw_skin, photograph, reflect, shade


def colour(melanin, blood):
    return reflect(np.full((1, 1), melanin, np.float32), np.full((1, 1), blood, np.float32))[:, 0, 0]


def test_more_melanin_is_darker_in_every_channel_and_browner():
    light, brown, black = (colour(amount, 0.1) for amount in (0.1, 1.0, 5.0))
    assert (light > brown).all() and (brown > black).all()
    assert brown[0] > brown[1] > brown[2]
    assert black.max() < 0.25


def test_blood_takes_green_more_than_red():
    loss = colour(0.1, 0.0) - colour(0.1, 0.5)
    assert (loss > 0).all() and loss[1] > 2.0 * loss[0]


def test_skins_range_from_light_to_dark():
    skins = [draw_skin(np.random.default_rng(seed), (64, 80)) for seed in range(40)]
    tones = [float(reflect(skin.melanin, skin.blood).mean()) for skin in skins]
    assert max(tones) > 0.7 and min(tones) < 0.5


def test_pigment_amounts_are_never_negative():
    for seed in range(10):
        skin = draw_skin(np.random.default_rng(seed), (64, 80))
        assert skin.melanin.min() >= 0 and skin.blood.min() >= 0
        assert skin.relief.max() <= 0 and skin.relief.min() >= -1


def test_a_flat_surface_is_not_shaded_and_a_step_is_lit_on_one_side():
    np.testing.assert_allclose(shade(np.full((9, 9), 3.0, np.float32), 0.5), 1.0, atol=1e-6)
    step = np.zeros((9, 20), np.float32)
    step[:, 10:] = 1.0
    assert shade(step, 0.5)[4].max() > 1.2


def test_the_light_of_a_photograph_is_uneven_and_its_grain_fine():
    image = photograph(np.random.default_rng(0), np.full((3, 96, 128), 0.6, np.float32))
    assert image.shape == (96, 128, 3) and image.dtype == np.float32
    assert image.min() >= 0 and image.max() <= 1
    corners = [
        image[rows, columns].mean() for rows in (np.s_[:12], np.s_[-12:]) for columns in (np.s_[:12], np.s_[-12:])
    ]
    assert max(corners) - min(corners) > 0.02
    assert 0.001 < image[40:56, 56:72, 1].std() < 0.03
