# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from mt_transunet.engines.coco import coco_chunks, outline_of, polygons, run_lengths


def blob():
    """An asymmetric area with a concave side, one part, no hole."""
    mask = np.zeros((40, 60), np.uint8)
    cv2.ellipse(mask, (25, 18), (20, 9), 25, 0, 360, 1, -1)
    mask[10:20, 30:34] = 0
    return mask > 0


def test_run_lengths_go_down_the_columns_and_begin_outside():
    mask = np.array([[0, 1, 1], [0, 0, 1]])
    assert run_lengths(mask) == {"size": [2, 3], "counts": [2, 1, 1, 2]}


def test_a_mask_that_begins_inside_begins_with_no_pixel_outside():
    assert run_lengths(np.array([[1, 0], [1, 0]]))["counts"] == [0, 2, 2]


@pytest.mark.parametrize("value, counts", [(0, [6]), (1, [0, 6])])
def test_an_empty_and_a_full_mask_are_one_run(value, counts):
    assert run_lengths(np.full((2, 3), value))["counts"] == counts


def test_run_lengths_give_the_mask_back_with_its_holes():
    mask = blob()
    mask[18, 20] = False
    found = run_lengths(mask)
    values = np.arange(len(found["counts"])) % 2 == 1
    assert np.array_equal(np.repeat(values, found["counts"]).reshape(found["size"], order="F"), mask)


def test_a_rectangle_has_the_middles_of_its_corner_pixels():
    mask = np.zeros((8, 8), bool)
    mask[2:5, 1:7] = True  # rows 2 to 4, columns 1 to 6
    (polygon,) = polygons(mask)
    assert set(zip(polygon[::2], polygon[1::2])) == {(1.5, 2.5), (1.5, 4.5), (6.5, 4.5), (6.5, 2.5)}


def test_a_filled_polygon_gives_nearly_the_mask():
    (polygon,) = polygons(blob())
    points = (np.array(polygon).reshape(-1, 1, 2) - 0.5).astype(np.int32)
    filled = cv2.fillPoly(np.zeros((40, 60), np.uint8), [points], 1) > 0
    assert 2 * (filled & blob()).sum() / (filled.sum() + blob().sum()) > 0.98


def test_every_part_has_its_polygon():
    mask = np.zeros((20, 20), bool)
    mask[2:6, 2:6] = mask[10:15, 10:15] = mask[18, 18] = True
    assert len(polygons(mask)) == 3


@pytest.mark.parametrize("height, width", [(1, 1), (1, 95), (7, 1)])
def test_a_line_of_pixels_has_their_outer_corners(height, width):
    mask = np.zeros((20, 100), bool)
    mask[5 : 5 + height, 2 : 2 + width] = True
    (polygon,) = polygons(mask)
    right, below = 2 + width, 5 + height
    assert set(zip(polygon[::2], polygon[1::2])) == {(2, 5), (right, 5), (right, below), (2, below)}


def test_a_slanted_line_of_pixels_has_a_polygon_around_it():
    (polygon,) = polygons(np.eye(40, dtype=bool))
    assert {(0, 0), (40, 40)} < set(zip(polygon[::2], polygon[1::2]))


def test_the_outline_has_box_and_area_in_pixels():
    mask = np.zeros((8, 9), bool)
    mask[2:5, 1:7] = True
    found = outline_of(mask)
    assert found["bbox"] == [1, 2, 6, 3] and found["area"] == 18


def record(name, mask):
    return {"image": name, "row": {"predicted": "melanoma", "melanoma": 0.75}, "outline": outline_of(mask)}


def test_the_pieces_are_one_coco_file():
    empty = np.zeros((5, 7), bool)
    records = [record("a.jpg", blob()), record("b.jpg", empty)]
    content = json.loads(b"".join(coco_chunks(lambda: iter(records))))
    assert [category["name"] for category in content["categories"]] == ["nevus", "melanoma", "seborrheic_keratosis"]
    assert content["images"] == [
        {"id": 1, "file_name": "a.jpg", "height": 40, "width": 60},
        {"id": 2, "file_name": "b.jpg", "height": 5, "width": 7},
    ]
    (annotation,) = content["annotations"]
    assert (annotation["image_id"], annotation["category_id"], annotation["score"]) == (1, 2, 0.75)
    assert annotation["area"] == blob().sum() == sum(annotation["rle"]["counts"][1::2])


def test_no_image_at_all_is_still_a_coco_file():
    assert json.loads(b"".join(coco_chunks(lambda: iter(()))))["annotations"] == []
