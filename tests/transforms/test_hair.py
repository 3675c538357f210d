# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest

from mt_transunet.transforms import RemoveHaird, hair_mask

SKIN, DARK, LIGHT = (220, 180, 160), (60, 40, 30), (255, 245, 240)


def skin(height=384, width=512):
    return np.full((height, width, 3), SKIN, np.uint8)


def drawn(image, *lines, thickness=3, colour=DARK):
    """The image with straight hairs, and where they are."""
    where = np.zeros(image.shape[:2], np.uint8)
    for start, end in lines:
        cv2.line(where, start, end, 1, thickness)
    image = image.copy()
    image[where > 0] = colour
    return image, where > 0


def near(where, radius):
    return cv2.dilate(where.astype(np.uint8), np.ones((2 * radius + 1,) * 2, np.uint8)) > 0


@pytest.mark.parametrize("degrees", range(0, 180, 15))
def test_a_hair_in_any_direction_is_found_and_nothing_beside_it(degrees):
    ahead = 100 * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    middle = np.array([256, 192])
    ends = [tuple(np.rint(middle + sign * ahead).astype(int).tolist()) for sign in (-1, 1)]
    image, where = drawn(skin(), ends)
    mask = hair_mask(image)
    assert mask[where].mean() > 0.95 and not (mask & ~near(where, 3)).any()


def test_crossing_hairs_are_both_found():
    image, where = drawn(skin(), ((60, 60), (400, 320)), ((60, 320), (400, 60)))
    assert hair_mask(image)[where].mean() > 0.95


@pytest.mark.parametrize("scale", [0.5, 2, 6])
def test_the_share_of_hair_does_not_depend_on_the_resolution(scale):
    image, _ = drawn(skin(), ((60, 60), (400, 320)), ((100, 350), (450, 200)), thickness=4)
    other = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    mask = hair_mask(other)
    assert mask.shape == other.shape[:2]
    assert mask.mean() == pytest.approx(hair_mask(image).mean(), rel=0.25)


def test_bare_skin_has_no_hair():
    assert not hair_mask(skin()).any()


def test_a_dark_lesion_is_not_hair():
    image = cv2.circle(skin(), (256, 192), 80, DARK, -1)
    assert not hair_mask(image).any()


def test_dots_and_stubble_are_not_hair():
    image, _ = drawn(skin(), *(((x, y), (x + 20, y + 8)) for x in range(40, 460, 60) for y in range(40, 340, 60)))
    assert not hair_mask(image).any()


def test_a_streak_is_hair_only_from_twelve_percent_of_the_side_on():
    streak, _ = drawn(skin(), ((100, 150), (145, 150)))
    hair, where = drawn(skin(), ((100, 150), (175, 150)))
    assert not hair_mask(streak).any() and hair_mask(hair)[where].all()


def test_a_band_inside_a_bright_line_along_the_edge_is_not_hair():
    image = skin()
    image[:, :8] = DARK
    image[:, :2] = LIGHT
    assert not hair_mask(image).any()


def test_light_hairs_are_found_only_on_request():
    image, where = drawn(skin(), ((60, 60), (400, 320)), colour=LIGHT)
    assert not hair_mask(image).any() and hair_mask(image, light=True)[where].mean() > 0.95


def test_an_image_far_narrower_than_the_working_side_is_taken():
    assert hair_mask(np.zeros((1, 300, 3), np.uint8)).shape == (1, 300)


@pytest.mark.parametrize("wrong", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3)), np.zeros((0, 8, 3), np.uint8)])
def test_anything_but_8_bit_rgb_is_refused(wrong):
    with pytest.raises(ValueError, match=r"image must be \(H, W, 3\) uint8, got .*; convert it to 8-bit RGB"):
        hair_mask(wrong)


def removed(image, **options):
    """The transform on a (H, W, 3) image."""
    return np.moveaxis(RemoveHaird("image", **options)({"image": np.moveaxis(image, -1, 0)})["image"], 0, -1)


@pytest.mark.parametrize("size", [(192, 256), (384, 512), (768, 1024)])
def test_skin_grows_over_a_removed_hair(size):
    # skin brightens from left to right, so that a fill with one colour would show
    ramp = np.linspace(-40, 20, size[1])[None, :, None]
    bare = np.clip(skin(*size) + ramp, 0, 255).astype(np.uint8)
    scale = size[1] / 512
    ends = [tuple(round(value * scale) for value in point) for point in ((60, 60), (400, 320))]
    image, where = drawn(bare, ends, thickness=max(round(4 * scale), 1))
    assert np.abs(image[where].astype(int) - bare[where]).mean() > 100
    assert np.abs(removed(image).astype(int) - bare).max() <= 12


def test_pixels_beside_the_hair_keep_their_values():
    grain = np.random.default_rng(0).integers(-6, 7, (384, 512, 3))
    image, where = drawn((skin() + grain).astype(np.uint8), ((60, 60), (400, 320)))
    assert np.array_equal(removed(image)[~near(where, 6)], image[~near(where, 6)])


def test_an_image_without_hair_is_handed_on_unchanged():
    image = skin().astype(np.float32) + np.float32(0.25)
    assert np.array_equal(removed(image), image)


def test_light_hairs_are_removed_only_on_request():
    image, where = drawn(skin(), ((60, 60), (400, 320)), colour=LIGHT)
    assert np.array_equal(removed(image), image)
    assert np.abs(removed(image, light=True)[where].astype(int) - SKIN).max() <= 3
