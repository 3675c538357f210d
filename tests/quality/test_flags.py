# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest

from mt_transunet.data.synthetic_artefacts import add_dark_corners, add_hairs
from mt_transunet.data.synthetic_image import synthetic_case
from mt_transunet.quality.flags import FLAGS, flag_words, image_flags


@pytest.fixture(scope="module")
def case():
    """A synthetic lesion in the middle of the picture, without artefacts."""
    return synthetic_case(11, size=(192, 256), difficulty=0.0)


class Distant:
    """A fit to which every image has the distance 5."""

    def __init__(self, limit):
        self.limit = limit

    def distance(self, image):
        return 5.0


def artefact(draw, image, *arguments, **options):
    result = draw(np.random.default_rng(0), image.astype(np.float32) / 255, *arguments, **options)
    return np.rint(np.clip(result, 0, 1) * 255).astype(np.uint8)


def test_a_clean_image_raises_no_flag(case):
    assert image_flags(case.image, case.mask, typical=Distant(limit=5.0)) == {}


@pytest.mark.parametrize("side", [64, 256, 1000, 4000])
def test_a_clean_image_raises_no_flag_but_that_of_its_size(case, side):
    size = (side, side * 3 // 4)
    image = cv2.resize(case.image, size, interpolation=cv2.INTER_AREA if side < 256 else cv2.INTER_CUBIC)
    mask = cv2.resize(case.mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    few = {"low_resolution": min(size)} if min(size) < 160 else {}
    assert image_flags(image, mask) == few


def test_an_empty_mask_is_no_lesion(case):
    assert image_flags(case.image, np.zeros_like(case.mask)) == {"no_lesion": 0.0}


def test_a_speck_is_no_lesion_and_a_small_lesion_is_one(case):
    speck, small = np.zeros((2, *case.mask.shape), bool)
    speck[90:96, 100:108] = True  # 48 of 192 * 256 = 49,152 pixels, just below 0.1 percent
    small[90:96, 100:109] = True  # 54, just above
    assert image_flags(case.image, speck) == {"no_lesion": pytest.approx(48 / 49152)}
    assert image_flags(case.image, small) == {}


def test_a_lesion_cut_off_by_an_edge_touches_the_border(case):
    mask = np.zeros_like(case.mask)
    mask[50:150, :60] = True
    # the border is 2 pixels wide: 256 * 4 + 188 * 4 = 1776 pixels, of which 100 * 2 are lesion
    assert image_flags(case.image, mask) == {"touches_border": pytest.approx(200 / 1776)}


def test_a_lesion_that_grazes_an_edge_does_not_touch_the_border(case):
    mask = np.zeros_like(case.mask)
    mask[80:106, :60] = True  # 52 of 1776 pixels, just below 3 percent
    assert image_flags(case.image, mask) == {}


def test_a_full_mask_touches_all_of_the_border(case):
    assert image_flags(case.image, np.ones_like(case.mask)) == {"touches_border": 1.0}


@pytest.mark.parametrize("scale", [1, 4])
def test_a_blurred_image_is_out_of_focus(case, scale):
    image = cv2.resize(case.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    mask = case.mask.repeat(scale, axis=0).repeat(scale, axis=1)
    found = image_flags(cv2.GaussianBlur(image, (0, 0), 1.8 * scale), mask)
    assert list(found) == ["out_of_focus"] and 0 < found["out_of_focus"] < 0.28


def test_a_round_frame_is_dark_corners(case):
    framed = artefact(add_dark_corners, case.image, case.mask)
    black = (framed.max(axis=2) < 20).mean()
    found = image_flags(framed, case.mask)
    assert list(found) == ["dark_corners"] and found["dark_corners"] == pytest.approx(black, rel=0.25)


def test_many_hairs_are_hair(case):
    found = image_flags(artefact(add_hairs, case.image, count=30), case.mask)
    assert list(found) == ["hair"] and 0.04 < found["hair"] < 0.4


def test_one_thin_hair_is_not_worth_a_flag(case):
    image = cv2.line(case.image.copy(), (20, 30), (180, 20), (50, 30, 25), 1, cv2.LINE_AA)
    assert image_flags(image, case.mask) == {}


def test_an_image_beyond_the_limit_is_unlike_training(case):
    assert image_flags(case.image, case.mask, typical=Distant(limit=4.9)) == {"unlike_training": 5.0}


def test_flags_come_in_their_order_as_plain_numbers(case):
    image = cv2.GaussianBlur(artefact(add_hairs, case.image, count=30), (0, 0), 2.5)
    image[:40, :60] = 0
    found = image_flags(image, np.zeros_like(case.mask), typical=Distant(limit=1.0))
    assert {"no_lesion", "out_of_focus", "dark_corners", "unlike_training"} <= set(found)
    assert list(found) == [name for name in FLAGS if name in found]
    assert {type(value) for value in found.values()} == {float}


def test_every_flag_says_what_to_do_in_one_sentence():
    of_the_image = ["no_lesion", "touches_border", "low_resolution", "out_of_focus", "dark_corners", "hair"]
    assert list(FLAGS) == [*of_the_image, "unlike_training", "doubtful_mask", "exif_rotated", "seen_in_training"]
    assert all(text[0].isupper() and text.endswith(".") and text.count(".") == 1 for text in FLAGS.values())
    assert all(":" in text for text in FLAGS.values())


def test_a_flag_reads_as_its_name_in_tables():
    assert flag_words("touches_border") == "touches border"


@pytest.mark.parametrize("colour", [0, 255])
def test_a_uniform_image_is_judged_without_warnings(colour, recwarn):
    image = np.full((200, 200, 3), colour, np.uint8)
    assert image_flags(image, np.zeros((200, 200), bool)) == {"no_lesion": 0.0}
    assert not [warning for warning in recwarn if issubclass(warning.category, RuntimeWarning)]


def test_a_mask_of_another_size_is_refused(case):
    with pytest.raises(ValueError, match=r"mask must be bool \(192, 256\) as the image is, got bool \(96, 128\)"):
        image_flags(case.image, case.mask[::2, ::2])


def test_a_mask_that_is_not_boolean_is_refused(case):
    with pytest.raises(ValueError, match=r"got uint8 \(192, 256\); resize it to the image, and compare it"):
        image_flags(case.image, case.mask.astype(np.uint8))


def test_an_image_that_is_not_8_bit_rgb_is_refused(case):
    with pytest.raises(ValueError, match=r"image must be \(H, W, 3\) uint8, got .* float64; convert it"):
        image_flags(case.image / 255, case.mask)
