# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.color import rgb2lab

from mt_transunet.data.synthetic_image import synthetic_case
from mt_transunet.quality.description import FEATURES, describe


def described(image):
    return dict(zip(FEATURES, describe(image), strict=True))


def uniform(colour, size=(60, 90)):
    return np.full((*size, 3), colour, np.uint8)


def test_a_uniform_image_is_its_colour_and_nothing_else():
    found = described(uniform((200, 150, 120)))
    lab = rgb2lab(np.uint8([[[200, 150, 120]]]))[0, 0]
    assert [found[f"mean_{channel}"] for channel in "Lab"] == pytest.approx(lab, abs=0.35)
    assert [found[f"centre_{channel}"] for channel in "Lab"] == pytest.approx([0, 0, 0], abs=1e-3)
    nothing = [found[name] for name in FEATURES if name.startswith("log")]
    assert nothing == pytest.approx([np.log(0.1)] * 5, abs=1e-2)


def test_spread_is_the_logarithm_of_the_standard_deviation():
    image = uniform((100, 100, 100), (64, 64))
    image[:, 32:] = 200
    low, high = rgb2lab(np.uint8([[[100] * 3, [200] * 3]]))[0, :, 0]
    # halves of two values: half of their difference
    assert described(image)["log_std_L"] == pytest.approx(np.log((high - low) / 2 + 0.1), abs=1e-2)


def test_centre_is_compared_with_periphery_and_large_differences_compressed():
    image = uniform((200, 200, 200), (64, 64))
    # the innermost quarter of the pixels lies within 64 sqrt(1 / 4 pi) = 18.1 pixels
    image = cv2.circle(image, (32, 32), 20, (100, 100, 100), -1)
    low, high = rgb2lab(np.uint8([[[100] * 3, [200] * 3]]))[0, :, 0]
    assert described(image)["centre_L"] == pytest.approx(np.arcsinh((low - high) / 3), abs=1e-2)


def test_noise_has_more_grain_and_a_soft_blob_more_contrast():
    rng = np.random.default_rng(0)
    noise = np.clip(128 + rng.normal(0, 20, (64, 64, 1)), 0, 255).repeat(3, axis=2).astype(np.uint8)
    blob = cv2.GaussianBlur(noise, (0, 0), 2.0)
    blob = np.clip(128 + (blob.astype(float) - 128) * 8, 0, 255).astype(np.uint8)
    assert described(noise)["log_grain"] > described(blob)["log_grain"]
    assert described(noise)["log_contrast"] < described(blob)["log_contrast"]


def test_a_black_frame_is_left_out():
    image = uniform((200, 150, 120), (128, 128))
    rows, columns = np.ogrid[:128, :128]
    framed = np.where((np.hypot(rows - 63.5, columns - 63.5) > 60)[..., None], np.uint8(0), image)
    assert describe(framed) == pytest.approx(describe(image), abs=0.05)


def test_the_number_of_pixels_hardly_matters():
    image = synthetic_case(11, size=(192, 256), difficulty=0.0).image
    larger = cv2.resize(image, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    assert describe(larger) == pytest.approx(describe(image), abs=0.15)
