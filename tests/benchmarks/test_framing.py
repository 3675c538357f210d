# SPDX-License-Identifier: Apache-2.0
"""The pieces that ``benchmarks/framing.py`` cuts out of photographs."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def framing(benchmark_module):
    return benchmark_module("framing")


def lesion(shape: tuple[int, int], rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[rows, columns] = True
    return mask


def test_the_piece_is_a_square_around_the_middle_of_the_lesion(framing):
    # 20 wide, 10 high, its middle at (60, 45); twice the longer side is 40
    assert framing.around(lesion((100, 120), slice(40, 50), slice(50, 70)), 2) == (40, 25, 80, 65)


def test_what_lies_beyond_an_edge_is_added_at_the_other_side(framing):
    assert framing.around(lesion((100, 120), slice(0, 20), slice(100, 120)), 2) == (80, 0, 120, 40)


def test_no_piece_is_larger_than_the_image(framing):
    assert framing.around(lesion((100, 120), slice(40, 50), slice(50, 70)), float("inf")) == (0, 0, 120, 100)


def test_pieces_keep_id_label_and_the_whole_lesion_and_images_without_one_are_left_out(framing, tmp_path):
    mask = lesion((40, 60), slice(10, 20), slice(5, 25))
    for name, outline in (("a", mask), ("b", np.zeros_like(mask))):
        Image.fromarray(np.dstack([outline * 200] * 3).astype(np.uint8)).save(tmp_path / f"{name}.jpg")
        Image.fromarray((outline * 255).astype(np.uint8)).save(tmp_path / f"{name}_mask.png")
    paths = {name: {"image": f"{tmp_path}/{name}.jpg", "mask": f"{tmp_path}/{name}_mask.png"} for name in "ab"}
    items = [{**paths["a"], "image_id": "a", "label": 1}, {**paths["b"], "image_id": "b"}]
    path = framing.write_pieces(items, 1.5, tmp_path / "pieces")
    (piece,) = json.loads(path.read_text())["validation"]
    assert (piece["image_id"], piece["label"]) == ("a", 1)
    cut = np.asarray(Image.open(path.parent / piece["mask"]))
    assert cut.shape == (30, 30) and (cut > 0).sum() == 200
    assert Image.open(path.parent / piece["image"]).size == (30, 30)


def test_a_figure_that_is_undefined_is_printed_as_missing(framing):
    figures = dict(zip(framing.FIGURES, (0.79, None, 0.95, None)))
    assert framing.table({"w": {"whole": figures}}).splitlines()[1].split() == [
        "w",
        "whole",
        "0.790",
        "-",
        "0.950",
        "-",
    ]
