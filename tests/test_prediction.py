# SPDX-License-Identifier: Apache-2.0
"""``predict``: one image in, one answer out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import mt_transunet
from mt_transunet import CLASS_NAMES, predict
from mt_transunet.prediction import as_array


class Bright(nn.Module):
    """Says lesion where the image is brighter than one half; its level set is minus the brightness."""

    image_size = 32

    def __init__(self):
        super().__init__()
        self.parameter = nn.Parameter(torch.zeros(()))
        self.seen = None

    def forward(self, image):
        self.seen = image
        grey = image.float().mean(1, keepdim=True)
        logits = torch.cat([0.5 - grey, grey - 0.5], 1) * 100
        return {
            "mask_logits": logits,
            "level_set": -grey,
            "class_logits": torch.tensor([[0.0, np.log(2.0), 0.0]]),
            "attention": torch.full((1, 2, 2), 0.25),
        }


@pytest.fixture
def photograph():
    """(60, 90, 3), the right third white."""
    image = np.zeros((60, 90, 3), np.uint8)
    image[:, 60:] = 255
    return image


def test_mask_and_level_set_have_the_images_size_and_orientation(photograph):
    mask, level_set, _ = predict(photograph, Bright())
    assert mask.shape == level_set.shape == (60, 90)
    assert mask[:, 64:].all() and not mask[:, :56].any()
    assert level_set[:, 64:].max() < -0.9


def test_probabilities_are_a_softmax_by_class_name(photograph):
    probabilities = predict(photograph, Bright()).probabilities
    assert list(probabilities) == list(CLASS_NAMES)
    assert probabilities["melanoma"] == pytest.approx(0.5)  # exp(ln 2) / (1 + 2 + 1)


def test_the_network_sees_rgb_in_zero_to_one_at_its_own_size(photograph):
    network = Bright()
    predict(photograph, network)
    assert network.seen.shape == (1, 3, 32, 32)
    assert (network.seen.min(), network.seen.max()) == (0.0, 1.0)


def test_path_pil_image_and_array_give_the_same(photograph, tmp_path):
    path = tmp_path / "lesion.png"
    Image.fromarray(photograph).save(path)
    results = [predict(image, Bright()).level_set for image in (photograph, str(path), path, Image.open(path))]
    assert all(np.array_equal(results[0], other) for other in results[1:])


@pytest.mark.parametrize("array", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.float32)])
def test_an_array_that_is_no_rgb_image_is_refused(array):
    with pytest.raises(ValueError, match="uint8 RGB of shape"):
        predict(array, Bright())


def test_an_image_without_pixels_is_refused():
    with pytest.raises(ValueError, match="the image is empty, its size is 0 x 5"):
        as_array(Image.new("RGB", (0, 5)))


def test_an_array_that_may_not_be_written_to_is_taken_without_a_warning(photograph, recwarn):
    fixed = np.asarray(photograph).copy()
    fixed.flags.writeable = False
    torch.from_numpy(as_array(fixed))
    assert not [warning for warning in recwarn if "writable" in str(warning.message)]


def test_a_file_that_is_no_image_is_refused_by_name(tmp_path):
    (tmp_path / "text.jpg").write_text("no image")
    with pytest.raises(ValueError, match="text.jpg is no readable image"):
        predict(tmp_path / "text.jpg", Bright())


def test_the_three_names_of_the_package_are_functions():
    from mt_transunet import build_network, load_network

    assert all(callable(name) for name in (build_network, load_network, mt_transunet.predict))
    with pytest.raises(AttributeError, match="nothing_here"):
        mt_transunet.nothing_here


def test_an_open_file_is_an_image(photograph, tmp_path):
    Image.fromarray(photograph).save(tmp_path / "lesion.png")
    with (tmp_path / "lesion.png").open("rb") as file:
        assert np.array_equal(predict(file, Bright()).mask, predict(photograph, Bright()).mask)


@pytest.mark.parametrize("image", [torch.zeros(3, 8, 8), b"bytes", None, 7], ids=["tensor", "bytes", "None", "7"])
def test_what_is_no_image_at_all_is_refused_by_its_type(image):
    with pytest.raises(TypeError, match=f"an open file, a PIL image or a uint8 array, got {type(image).__name__}"):
        predict(image, Bright())


def test_a_file_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    Image.new("L", (100, 100)).save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # Pillow refuses twice as many
    with pytest.raises(ValueError, match="large.png is no readable image .*decompression bomb"):
        predict(tmp_path / "large.png", Bright())


def test_the_image_is_given_in_the_networks_own_precision(photograph):
    network = Bright().to(torch.bfloat16)
    predict(photograph, network)
    assert network.seen.dtype == torch.bfloat16
