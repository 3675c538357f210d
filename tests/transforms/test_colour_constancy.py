# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from mt_transunet.transforms import ShadesOfGreyd, illuminant


def grey_light(side=16):
    """Random colours whose channels hold the same values in another order: the estimated light is grey at any norm."""
    values = np.random.default_rng(0).uniform(20, 180, side * side)
    order = np.random.default_rng(1)
    return np.stack([order.permutation(values).reshape(side, side) for _ in range(3)]).astype(np.float32)


def balanced(image, **options):
    return ShadesOfGreyd("image", **options)({"image": image})["image"]


def test_the_illuminant_is_the_minkowski_mean_of_each_channel():
    image = np.array([[[255, 51, 0], [0, 51, 102]]], np.uint8)
    # red: one of two values is 1; green: both are 0.2; blue: one of two is 0.4
    half = 0.5 ** (1 / 6)
    assert illuminant(image) == pytest.approx([half, 0.2, 0.4 * half], rel=1e-5)


def test_norm_one_is_the_mean():
    image = grey_light().transpose(1, 2, 0) * np.float32([1.0, 0.5, 0.2])
    assert illuminant(image, norm=1.0) == pytest.approx(image.mean(axis=(0, 1)) / 255, rel=1e-5)


def test_an_image_in_grey_light_stays_as_it_is():
    assert balanced(grey_light()) == pytest.approx(grey_light(), rel=1e-5)


def test_the_light_that_multiplied_an_image_is_taken_out():
    # squares sum to 3, so that the light is as strong as grey light was, and equality is exact
    gains = np.sqrt([1.5, 1.0, 0.5]).astype(np.float32)[:, None, None]
    assert balanced(grey_light() * gains) == pytest.approx(grey_light(), rel=1e-5)


def test_in_bytes_the_light_is_taken_out_up_to_rounding():
    image = np.rint(grey_light()).astype(np.uint8)
    lit = np.rint(image * np.sqrt([1.5, 1.0, 0.5])[:, None, None]).astype(np.uint8)
    # half a level of rounding in `lit`, times the largest inverse gain sqrt(2), and half a level in the result
    assert np.abs(balanced(lit).astype(int) - image).max() <= 1


def test_two_lights_of_one_scene_leave_the_same_colours():
    scene = grey_light() * np.float32([0.9, 0.6, 0.4])[:, None, None]
    other = scene * np.float32([0.7, 1.1, 1.3])[:, None, None]
    one, two = balanced(scene), balanced(other)
    assert one / one.sum(axis=0) == pytest.approx(two / two.sum(axis=0), rel=1e-4)


def test_what_exceeds_the_range_is_clipped():
    image = np.empty((3, 100, 100), np.float32)
    image[:] = np.float32([200, 100, 100])[:, None, None]
    image[1, 0, 0] = 240.0
    # green is multiplied by sqrt((200^2 + 2 * 100^2) / 3) / 100 = 1.41, one pixel in 10,000 hardly changes that
    result = balanced(image)
    assert result[1, 0, 0] == 255.0 and result[1, 5, 5] == pytest.approx(141.4, rel=0.01)


def test_a_black_channel_and_a_black_image_stay_black():
    image = np.rint(grey_light()).astype(np.uint8)
    image[2] = 0
    assert balanced(image)[2].max() == 0 and balanced(np.zeros_like(image)).max() == 0


def test_black_corners_do_not_change_the_estimated_colour():
    image = (grey_light() * np.float32([1.0, 0.7, 0.5])[:, None, None]).transpose(1, 2, 0)
    framed = np.pad(image, ((5, 5), (5, 5), (0, 0)))
    assert illuminant(framed) / illuminant(framed)[0] == pytest.approx(illuminant(image) / illuminant(image)[0])


def test_a_norm_below_one_is_refused():
    with pytest.raises(ValueError, match="norm must be 1 or more, got 0.5; 1 is the grey world"):
        ShadesOfGreyd("image", norm=0.5)
