# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from mt_transunet.quality.focus import sharpness


def step(side=256, *, blur=0.0, low=90, high=200):
    """A dark disc on bright ground whose edge is blurred by a Gaussian of `blur` pixels."""
    rows, columns = np.ogrid[:side, :side]
    disc = np.where(np.hypot(rows - side / 2, columns - side / 2) < side / 4, low, high).astype(np.float32)
    disc = cv2.GaussianBlur(disc, (0, 0), blur) if blur else disc
    return np.repeat(np.rint(disc).astype(np.uint8)[..., None], 3, axis=2)


def band_of_edge(width, narrow, broad):
    """RMS, over a profile across an edge of this width, of the difference of two Gaussian blurs of it."""
    x = np.linspace(-14, 14, 2801)
    edges = [np.array([math.erf(v / math.sqrt(2 * (width**2 + sigma**2))) for v in x]) for sigma in (narrow, broad)]
    # the steepest 15 percent of 256 x 256 pixels is a ring about the edge, 12 pixels to either side
    return np.sqrt(np.mean((edges[0] - edges[1])[np.abs(x) < 12] ** 2))


@pytest.mark.parametrize("blur", [1.0, 2.0, 4.0])
def test_sharpness_of_an_edge_is_the_ratio_of_its_bands(blur):
    expected = band_of_edge(blur, 0.6, 1.2) / band_of_edge(blur, 1.2, 4.0)
    assert sharpness(step(blur=blur)) == pytest.approx(expected, rel=0.1)


def test_the_more_blur_the_less_sharpness():
    values = [sharpness(step(blur=blur)) for blur in (0.0, 1.0, 1.5, 2.5, 4.0)]
    assert values == sorted(values, reverse=True)


def test_contrast_does_not_change_sharpness():
    assert sharpness(step(blur=1.0, low=120, high=150)) == pytest.approx(sharpness(step(blur=1.0)), rel=0.05)


def test_the_same_picture_with_more_pixels_is_as_sharp():
    assert sharpness(step(2048, blur=12.0)) == pytest.approx(sharpness(step(256, blur=1.5)), rel=0.05)


def test_a_sharp_frame_does_not_make_a_blurred_picture_sharp():
    picture = step(blur=3.0)
    picture[:24, :] = picture[-24:, :] = picture[:, :24] = picture[:, -24:] = 5
    assert sharpness(picture) == pytest.approx(sharpness(step(blur=3.0)), rel=0.1)


def test_of_a_uniform_image_nothing_is_said():
    assert math.isnan(sharpness(np.full((256, 256, 3), 120, np.uint8)))


def test_of_a_small_image_nothing_is_said():
    assert math.isnan(sharpness(step(128)))
