# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose

from mt_transunet.transforms import AntialiasedResized
from mt_transunet.transforms.photograph import PhotographCorrectiond


class Doubled(PhotographCorrectiond):
    """Red twice as bright, so that the place of the channels matters, and 0.4 more everywhere."""

    def correct(self, image):
        assert image.shape[2] == 3
        return image * np.array([2, 1, 1], np.float32) + np.float32(0.4)


@pytest.fixture
def image():
    return np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5) * 4


def corrected(image):
    return Doubled("image")({"image": image})["image"]


def test_integers_are_rounded_and_clipped(image):
    expected = image.copy()
    expected[0] = np.minimum(image[0].astype(int) * 2, 255)
    assert np.array_equal(corrected(image), expected) and corrected(image).dtype == np.uint8
    assert corrected(np.full((3, 2, 2), 200, np.uint8))[0].max() == 255


def test_floats_keep_their_fractions(image):
    result = corrected(torch.from_numpy(image).double())
    assert result.dtype == torch.float64 and result[1, 0, 0].item() == pytest.approx(image[1, 0, 0] + 0.4, abs=1e-4)


def test_a_metatensor_keeps_metadata_and_applied_operations(image):
    before = MetaTensor(torch.from_numpy(image), meta={"filename_or_obj": "a.jpg"}, applied_operations=[{"id": 7}])
    after = corrected(before)
    assert isinstance(after, MetaTensor) and after.meta["filename_or_obj"] == "a.jpg"
    assert after.applied_operations == [{"id": 7}] and after.dtype == torch.uint8


def test_a_plain_tensor_stays_plain(image):
    assert type(corrected(torch.from_numpy(image))) is torch.Tensor


def test_geometry_before_it_is_still_inverted(image):
    chain = Compose([AntialiasedResized("image", (8, 9)), Doubled("image")])
    there = chain({"image": MetaTensor(torch.from_numpy(image))})
    assert there["image"].shape == (3, 8, 9) and chain.inverse(there)["image"].shape == image.shape


def test_the_image_handed_in_stays_as_it_was(image):
    before = image.copy()
    corrected(image)
    assert np.array_equal(image, before)


def test_a_missing_key_is_left_out_when_allowed():
    assert Doubled("image", allow_missing_keys=True)({"label": 1}) == {"label": 1}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((1, 4, 4), np.uint8), r"got \(1, 4, 4\) uint8; load it with three channels"),
        (np.zeros((4, 4, 3), np.uint8), r"got \(4, 4, 3\) uint8; load it with three channels, channels first"),
        (np.zeros((3, 0, 4), np.uint8), r"got \(3, 0, 4\) uint8"),
        (np.zeros((3, 4, 4), np.int16), r"got \(3, 4, 4\) int16; convert the image first"),
        (np.full((3, 4, 4), 0.5, np.float32), r"got \[0.5, 0.5\]; put this before intensities are scaled"),
        (np.full((3, 4, 4), 256.0, np.float32), r"got \[256, 256\]; put this before"),
        (np.full((3, 4, 4), -1.0, np.float32), r"got \[-1, -1\]; put this before"),
        (np.full((3, 4, 4), np.nan, np.float32), r"got \[nan, nan\]"),
    ],
)
def test_anything_but_rgb_up_to_255_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        corrected(wrong)
