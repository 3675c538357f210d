# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose

from mt_transunet.transforms import RandColourJitterd

OFF = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "illuminant": 0.0}


class Fixed:
    """A generator whose draws are given: the first decides whether to apply."""

    def __init__(self, *draws):
        self.draws = list(draws)

    def uniform(self, low=0.0, high=1.0, size=None):
        return self.draws.pop(0)


def jittered(image, *draws, **ranges):
    jitter = RandColourJitterd("image", **ranges)
    jitter.R = Fixed(0.0, *draws)
    return jitter({"image": image})["image"]


@pytest.fixture
def image():
    return torch.rand(3, 5, 7, generator=torch.Generator().manual_seed(0))


def test_all_ranges_zero_change_nothing(image):
    result = RandColourJitterd("image", prob=1.0, **OFF)({"image": image})["image"]
    assert torch.allclose(result, image, atol=1e-6)


def test_brightness_and_illuminant_multiply_the_channels(image):
    result = jittered(image / 2, 0.2, 0.0, 0.0, torch.tensor([0.1, 0.0, -0.1]).numpy())
    gains = torch.tensor([1.2 * 1.1, 1.2, 1.2 * 0.9])[:, None, None]
    assert torch.allclose(result, image / 2 * gains, atol=1e-6)


def test_saturation_minus_one_is_the_grey_of_each_pixel(image):
    result = jittered(image, 0.0, 0.0, -1.0, torch.zeros(3).numpy())
    grey = 0.299 * image[0] + 0.587 * image[1] + 0.114 * image[2]
    assert torch.allclose(result, grey.expand(3, 5, 7), atol=1e-6)


def test_contrast_minus_one_is_the_mean_grey_of_the_image(image):
    result = jittered(image, 0.0, -1.0, 0.0, torch.zeros(3).numpy())
    grey = (0.299 * image[0] + 0.587 * image[1] + 0.114 * image[2]).mean()
    assert torch.allclose(result, grey.expand(3, 5, 7), atol=1e-6)


def test_the_result_stays_in_range_and_the_input_as_it_was(image):
    before = image.clone()
    result = RandColourJitterd("image", prob=1.0, brightness=0.9, contrast=0.9).set_random_state(1)({"image": image})
    assert 0 <= result["image"].min() and result["image"].max() <= 1 and torch.equal(image, before)


def test_a_seed_determines_every_draw_whether_it_is_applied_or_not(image):
    def draws(prob):
        jitter = Compose([RandColourJitterd("image", prob=prob)]).set_random_state(2)
        jitter({"image": image})
        return jitter.transforms[0].R.uniform()

    assert draws(0.0) == draws(1.0)
    twice = [RandColourJitterd("image", prob=1.0).set_random_state(3)({"image": image})["image"] for _ in range(2)]
    assert torch.equal(*twice) and not torch.equal(twice[0], image)


def test_probability_zero_hands_the_image_on(image):
    assert RandColourJitterd("image", prob=0.0)({"image": image})["image"] is image


def test_a_metatensor_goes_out_as_a_plain_tensor(image):
    assert type(RandColourJitterd("image", prob=1.0)({"image": MetaTensor(image)})["image"]) is torch.Tensor


@pytest.mark.parametrize("wrong", [torch.rand(1, 4, 4), torch.zeros(3, 4, 4, dtype=torch.uint8)])
def test_anything_but_an_rgb_image_in_unit_range_is_refused(wrong):
    with pytest.raises(ValueError, match=r"RGB image \(3, H, W\) in \[0, 1\], got .*; scale the intensities first"):
        RandColourJitterd("image", prob=1.0)({"image": wrong})


def test_strength_multiplies_every_range():
    ranges = {"brightness": 0.1, "contrast": 0.2, "saturation": 0.3, "illuminant": 0.04}
    strong = RandColourJitterd("image", strength=2.0, **ranges)
    assert strong.ranges == pytest.approx((0.2, 0.4, 0.6)) and strong.illuminant == pytest.approx(0.08)
