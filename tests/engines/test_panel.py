# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from mt_transunet.engines import pictures
from mt_transunet.engines.pictures import encoded_panel, image_path


@pytest.fixture
def panel(monkeypatch):
    """What encoded_panel hands to the drawing."""
    seen = {}

    def draw(image, probability, level_set, attention, **maps):
        seen.update(image=image, probability=probability, level_set=level_set, attention=attention, **maps)
        return np.zeros((4, 6, 3), np.uint8)

    monkeypatch.setattr(pictures, "overlay_panel", draw)
    return seen


def test_planes_reach_the_drawing_upright(photograph, state_of, panel):
    batch, output = state_of(photograph)
    encoded_panel(batch, {**output, "pred_spread": 0.25 * output["pred_mask"]})
    inside = np.zeros((40, 60), bool)
    inside[10:30, 20:50] = True  # rows 10 to 29, columns 20 to 49 of the image
    assert panel["image"].shape == (40, 60, 3)
    assert np.array_equal(panel["probability"] == 1, inside) and np.array_equal(panel["level_set"] == -0.5, inside)
    assert np.array_equal(panel["truth"], inside) and panel["attention"].shape == (2, 3)
    assert np.array_equal(panel["spread"] == 0.25, inside)


def test_the_border_that_is_drawn_is_that_of_the_mask_and_not_of_every_likely_pixel(photograph, state_of, panel):
    batch, output = state_of(photograph)
    decided = torch.zeros_like(output["pred_mask"])
    decided[:, 20:35, 10:30] = 1.0
    encoded_panel(batch, {**output, "pred_mask": decided})
    inside = np.zeros((40, 60), bool)
    inside[10:30, 20:35] = True
    assert np.array_equal(panel["mask"], inside) and panel["probability"].sum() > inside.sum()


def test_a_large_photograph_and_its_planes_are_drawn_small(tmp_path, state_of, panel):
    Image.new("RGB", (1500, 1000)).save(tmp_path / "a.jpg")
    encoded_panel(*state_of(str(tmp_path / "a.jpg"), truth=False))
    assert panel["image"].shape == (341, 512, 3) and panel["probability"].shape == (341, 512)
    assert panel["truth"] is None and panel["spread"] is None


def test_a_16_bit_photograph_is_not_white(tmp_path, state_of, panel, recwarn):
    Image.fromarray(np.full((40, 60), 25700, np.uint16)).save(tmp_path / "a.png")
    encoded_panel(*state_of(str(tmp_path / "a.png")))
    assert (panel["image"] == 100).all()
    assert not [warning for warning in recwarn if "converted" in str(warning.message)]


def test_the_panel_is_a_jpeg_wider_than_the_photograph(photograph, state_of):
    picture = Image.open(io.BytesIO(encoded_panel(*state_of(photograph))))
    assert picture.format == "JPEG" and picture.width > 2 * picture.height


def test_a_photograph_that_has_been_read_is_not_read_again(tmp_path, state_of, panel):
    encoded_panel(*state_of(str(tmp_path / "gone.png"), truth=False), Image.new("RGB", (1500, 1000), (1, 2, 3)))
    assert panel["image"].shape == (341, 512, 3) and (panel["image"] == (1, 2, 3)).all()


def test_the_path_of_an_item_is_in_its_metadata(photograph, state_of):
    assert image_path(state_of(photograph)[0]) == photograph


def test_one_pixel_has_a_panel_too(tmp_path, state_of):
    Image.new("RGB", (1, 1)).save(tmp_path / "a.png")
    batch, output = state_of(str(tmp_path / "a.png"))
    output |= {key: output[key][:, :1, :1] for key in ("pred_mask_logits", "pred_level_set", "pred_mask", "true_mask")}
    assert encoded_panel(batch, output)[:2] == b"\xff\xd8" and torch.is_tensor(output["true_mask"])
