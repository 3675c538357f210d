# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, EnsureChannelFirstd, Invertd, LoadImaged, Transposed
from PIL import Image
from torch.nn import functional as F

from mt_transunet.transforms import AntialiasedResized, to_rgb


@pytest.fixture
def photograph(tmp_path):
    """80 wide, 48 high: red grows to the right, green downwards, blue only in the upper left quarter."""
    pixels = np.zeros((48, 80, 3), np.uint8)
    pixels[..., 0] = np.linspace(0, 240, 80)
    pixels[..., 1] = np.linspace(0, 240, 48)[:, None]
    pixels[:24, :40, 2] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    return tmp_path / "a.png", pixels


def preprocessing(size):
    return Compose(
        [
            LoadImaged("image", reader="PILReader", converter=to_rgb, dtype=np.uint8),
            EnsureChannelFirstd("image", channel_dim=-1),
            Transposed("image", indices=[0, 2, 1]),
            AntialiasedResized("image", spatial_size=size),
        ]
    )


def test_the_network_sees_rows_before_columns_and_uint8_stays_uint8(photograph):
    path, pixels = photograph
    image = preprocessing(32)({"image": str(path)})["image"]
    assert image.shape == (3, 32, 32) and image.dtype == torch.uint8
    assert (image[0, 16].diff().int() >= 0).all() and (image[1, :, 16].diff().int() >= 0).all()
    assert image[2, 4, 4] == 255 and image[2, 28, 4] == image[2, 4, 28] == image[2, 28, 28] == 0


def test_inverting_restores_size_and_orientation_of_a_prediction(photograph):
    path, pixels = photograph
    chain = preprocessing(64)
    item = chain({"image": str(path)})
    item["pred"] = MetaTensor(item["image"].as_tensor()[2:].float() / 255)
    inverted = Invertd("pred", transform=chain, orig_keys="image", nearest_interp=False)(item)["pred"]
    assert inverted.shape == (1, 80, 48)  # columns before rows again, as MONAI's writer wants it
    assert np.array_equal(inverted[0].numpy().T >= 0.5, pixels[..., 2] == 255)


def test_shrinking_averages_over_source_pixels():
    stripes = torch.tensor([0.0, 1.0]).repeat(64)[None, None].expand(1, 128, 128)
    shrunk = AntialiasedResized("image", 16)({"image": stripes})["image"]
    assert shrunk[..., 2:-2].sub(0.5).abs().max() < 0.02  # a resize that picks points would show 0 or 1


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_it_is_torchs_antialiased_interpolation(mode):
    image = torch.rand(3, 20, 30, generator=torch.Generator().manual_seed(0))
    expected = F.interpolate(image[None], size=(8, 12), mode=mode, antialias=True)[0]
    assert torch.equal(AntialiasedResized("image", (8, 12), mode=mode)({"image": image})["image"], expected)


def test_each_key_has_its_mode_and_a_mask_stays_binary():
    resize = AntialiasedResized(["image", "mask"], 16, mode=["bicubic", "nearest-exact"], allow_missing_keys=True)
    mask = torch.zeros(1, 40, 60, dtype=torch.uint8)
    mask[:, 10:30, 15:45] = 255
    result = resize({"image": mask.repeat(3, 1, 1), "mask": mask})
    assert set(result["mask"].unique().tolist()) == {0, 255} and result["mask"].float().mean() == 0.25 * 255
    assert len(result["image"].unique()) > 2
    assert "mask" not in resize({"image": mask})


def test_plain_tensors_are_traced_too_and_the_input_keeps_its_own_history():
    resize = AntialiasedResized("image", 16)
    image = MetaTensor(torch.rand(1, 10, 14))
    result = resize({"image": image})["image"]
    assert len(image.applied_operations) == 0 and len(result.applied_operations) == 1
    plain = resize({"image": torch.rand(1, 10, 14)})
    assert resize.inverse(plain)["image"].shape == (1, 10, 14)
