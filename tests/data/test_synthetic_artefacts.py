# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from mt_transunet.data.synthetic_artefacts import (
    add_artefacts,
    add_bubbles,
    add_dark_corners,
    add_hairs,
    add_ink,
    add_ruler,
)

SIZE = (120, 160)


def scene(row=60, column=80, radius=25):
    rows, columns = np.ogrid[: SIZE[0], : SIZE[1]]
    mask = np.hypot(rows - row, columns - column) < radius
    return np.full((*SIZE, 3), 0.7, np.float32), mask


def changed(before, after, by=0.05):
    return np.abs(after - before).max(axis=-1) > by


def test_hairs_darken_a_thin_part_of_the_image():
    image, _ = scene()
    for seed in range(8):
        hairy = add_hairs(np.random.default_rng(seed), image, count=8)
        share = changed(image, hairy, 0.2).mean()
        assert 0.0 < share < 0.2
        assert hairy.max() <= image.max() + 1e-6


def test_more_hairs_cover_more():
    image, _ = scene()
    few, many = (changed(image, add_hairs(np.random.default_rng(1), image, count=n)).mean() for n in (2, 30))
    assert many > 3 * few


@pytest.mark.parametrize("place", [(60, 80), (20, 80), (100, 80), (60, 20), (60, 140)])
def test_ruler_never_covers_the_lesion(place):
    image, mask = scene(*place)
    for seed in range(4):
        ruled = add_ruler(np.random.default_rng(seed), image, mask)
        touched = changed(image, ruled)
        assert touched.sum() > 100
        assert not touched[mask].any()


def test_ruler_lies_on_the_side_away_from_the_lesion():
    image, mask = scene(row=100, radius=40)
    touched = changed(image, add_ruler(np.random.default_rng(0), image, mask))
    assert np.nonzero(touched)[0].mean() < 40


@pytest.mark.parametrize("place", [(60, 80), (30, 40)])
def test_dark_corners_are_dark_and_leave_the_lesion_alone(place):
    image, mask = scene(*place)
    framed = add_dark_corners(np.random.default_rng(3), image, mask)
    assert framed[0, -1].max() < 0.1
    np.testing.assert_array_equal(framed[mask], image[mask])


def test_bubbles_have_darker_rims_and_brighter_glints_and_change_little_else():
    image, _ = scene()
    before = image.copy()
    bubbled = [add_bubbles(np.random.default_rng(seed), image) for seed in range(8)]
    np.testing.assert_array_equal(image, before)
    assert min(x.min() for x in bubbled) < 0.6 and max(x.max() for x in bubbled) > 0.8
    assert max(changed(image, x, 0.02).mean() for x in bubbled) < 0.3


def test_bubbles_beyond_the_edges_are_cut_off():
    image = np.full((64, 64, 3), 0.5, np.float32)
    for seed in range(30):
        assert add_bubbles(np.random.default_rng(seed), image).shape == image.shape


def test_ink_lies_beside_the_lesion_and_is_bluish():
    image, mask = scene()
    inked = np.stack([add_ink(np.random.default_rng(seed), image, mask) for seed in range(8)])
    touched = changed(image, inked)
    assert touched.any()
    assert not touched[:, mask].any()
    assert inked[touched][:, 2].mean() > inked[touched][:, 0].mean()


def test_nothing_is_drawn_for_amount_0_and_everything_is_likely_for_a_great_amount():
    image, mask = scene()
    np.testing.assert_array_equal(add_artefacts(np.random.default_rng(0), image, mask, 0.0), image)
    assert changed(image, add_artefacts(np.random.default_rng(0), image, mask, 10.0)).mean() > 0.05
