# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest

from mt_transunet.quality.frame import dark_frame

SKIN = (220, 180, 160)


def round_view(side, radius):
    """Skin in a round view of a dermatoscope, and the black around it."""
    rows, columns = np.ogrid[:side, :side]
    black = np.hypot(rows - (side - 1) / 2, columns - (side - 1) / 2) > radius * side
    image = np.where(black[..., None], np.uint8(8), np.array(SKIN, np.uint8))
    return image, black


@pytest.mark.parametrize("side", [64, 256])
@pytest.mark.parametrize("radius", [0.45, 0.6])
def test_the_black_around_a_round_view_is_found(side, radius):
    image, black = round_view(side, radius)
    found = dark_frame(image)
    assert found.shape == black.shape
    # a rim of about a pixel is neither
    assert (found != black).mean() < 4 * 2 * np.pi * radius / side


def test_skin_alone_has_no_frame():
    assert not dark_frame(np.full((64, 80, 3), SKIN, np.uint8)).any()


def test_a_dark_lesion_away_from_the_corners_is_no_frame():
    image = cv2.circle(np.full((64, 80, 3), SKIN, np.uint8), (40, 0), 20, (10, 8, 8), -1)
    assert not dark_frame(image).any()


def test_a_brown_lesion_in_a_corner_is_no_frame():
    image = cv2.circle(np.full((64, 80, 3), SKIN, np.uint8), (0, 0), 30, (110, 70, 50), -1)
    assert not dark_frame(image).any()


def test_a_bright_line_along_the_edges_does_not_part_the_frame_from_the_corner():
    image, black = round_view(256, 0.6)
    image[[0, -1]] = image[:, [0, -1]] = 200
    assert dark_frame(image).mean() == pytest.approx(black.mean(), rel=0.1)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_uniform_image_has_no_frame(value):
    assert not dark_frame(np.full((64, 64, 3), value, np.uint8)).any()


def test_one_black_corner_is_enough():
    image = np.full((100, 100, 3), SKIN, np.uint8)
    image[:30, :20] = 0
    assert dark_frame(image).mean() == pytest.approx(0.06, rel=0.15)
