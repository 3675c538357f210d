# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose

from mt_transunet.transforms import RandCentralCropd, RandLesionAffined

STILL = {"rotate": 0.0, "zoom": (1.0, 1.0), "aspect": 1.0, "shift": 0.0, "mirror": False}
KEYS = ("image", "mask")


def lesion(height: int, width: int) -> dict[str, torch.Tensor]:
    """A disc off the centre, the same in image (3 channels) and mask, 0 and 255."""
    rows, columns = np.ogrid[:height, :width]
    radius = 0.18 * min(height, width)
    disc = np.hypot(rows - 0.42 * height, columns - 0.56 * width) <= radius
    plane = torch.from_numpy(disc[None].astype(np.uint8) * 255)
    return {"image": plane.repeat(3, 1, 1), "mask": plane}


def centroid(plane: torch.Tensor) -> np.ndarray:
    weights = plane.double().numpy()
    rows, columns = np.indices(weights.shape)
    return np.array([(rows * weights).sum(), (columns * weights).sum()]) / weights.sum()


def asymmetric(height: int, width: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, height, width), dtype=np.uint8))


@pytest.mark.parametrize("long_side", [1, 2])
def test_fine_stripes_along_one_long_side_are_averaged(long_side):
    stripes = torch.zeros(3, 20, 2000, dtype=torch.uint8)
    stripes[..., ::2] = 255
    image = stripes if long_side == 2 else stripes.transpose(1, 2)
    warped = RandLesionAffined("image", spatial_size=16, **STILL)({"image": image})["image"]
    assert int(warped.min()) >= 126 and int(warped.max()) <= 129  # points of it would be 0 and 255


def test_the_margins_of_1600_by_1200_are_those_of_the_paper():
    # (1600/2 + 1200/2) / 4 = 350, so 30, 60, ... 330
    assert RandCentralCropd("image").margins(1200, 1600) == list(range(30, 331, 30))


def test_a_margin_stays_below_half_of_the_shorter_side():
    # (1000/2 + 100/2) / 4 = 137.5, but 60 + 60 would leave nothing of 100 rows
    assert RandCentralCropd("image").margins(100, 1000) == [30]


def test_image_and_mask_lose_the_same_margin_on_all_four_sides():
    crop, seen = RandCentralCropd(KEYS, prob=1.0).set_random_state(0), set()
    for _ in range(40):
        image = asymmetric(400, 520)
        result = crop({"image": image, "mask": MetaTensor(image[:1])})
        margin = (400 - result["image"].shape[1]) // 2
        seen.add(margin)
        assert torch.equal(result["image"], image[:, margin : 400 - margin, margin : 520 - margin])
        assert torch.equal(result["mask"].as_tensor(), result["image"][:1])
    assert seen == {30, 60, 90}  # below (520/2 + 400/2) / 4 = 115


def test_a_small_image_and_an_unlucky_draw_stay_whole():
    small = {"image": asymmetric(60, 60)}
    assert RandCentralCropd("image", prob=1.0)(small)["image"] is small["image"]
    large = {"image": asymmetric(400, 400)}
    assert RandCentralCropd("image", prob=0.0)(large)["image"] is large["image"]


@pytest.mark.parametrize("transform", [RandCentralCropd(KEYS), RandLesionAffined(KEYS, spatial_size=24)])
def test_a_seed_determines_every_draw(transform):
    image = asymmetric(400, 520)

    def draws(seed):
        chain = Compose([transform]).set_random_state(seed)
        return [chain({key: image for key in KEYS})["mask"].float().mean().item() for _ in range(6)]

    assert draws(3) == draws(3) and draws(3) != draws(4)


def test_the_number_of_draws_does_not_depend_on_the_image():
    def next_draw(size):
        crop = RandCentralCropd("image").set_random_state(5)
        crop({"image": torch.zeros(1, size, size)})
        return crop.R.uniform()

    assert next_draw(20) == next_draw(400)


def test_identity_parameters_give_the_identity():
    image = asymmetric(32, 32)
    still = RandLesionAffined(KEYS, spatial_size=32, **STILL)
    result = still({"image": image, "mask": MetaTensor(image[:1])})
    assert torch.equal(result["image"], image) and torch.equal(result["mask"], image[:1])
    floats = still({"image": image / 255, "mask": image[:1]})["image"]
    assert floats.dtype == torch.float32 and torch.allclose(floats, image / 255, atol=1e-6)


@pytest.mark.parametrize(
    "unit_map, expected",
    [
        ([[-1, 0, 0], [0, 1, 0]], lambda image: image.flip(-1)),
        # (x right, y down) -> (-y, x): what was on the right comes to the bottom, a quarter turn clockwise
        ([[0, -1, 0], [1, 0, 0]], lambda image: image.rot90(-1, (-2, -1))),
    ],
)
def test_a_map_of_the_unit_square_moves_pixels_the_way_it_says(monkeypatch, unit_map, expected):
    image = asymmetric(32, 32)
    affine = RandLesionAffined("image", spatial_size=32)
    monkeypatch.setattr(affine, "randomize", lambda: np.array(unit_map, dtype=float))
    assert torch.equal(affine({"image": image})["image"], expected(image))


def test_a_shift_is_a_part_of_the_side_and_mirrors_what_lies_beyond(monkeypatch):
    image = asymmetric(32, 32)
    affine = RandLesionAffined("image", spatial_size=32)
    monkeypatch.setattr(affine, "randomize", lambda: np.array([[1, 0, 0.25], [0, 1, 0]]))
    shifted = affine({"image": image})["image"]
    assert torch.equal(shifted[..., 8:], image[..., :24]) and torch.equal(shifted[..., :8], image[..., :8].flip(-1))


def test_drawn_maps_stay_within_their_ranges():
    affine = RandLesionAffined("image", spatial_size=8, zoom=(0.5, 2.0), aspect=1.2, shift=0.1).set_random_state(0)
    maps = np.stack([affine.randomize() for _ in range(300)])
    sides = np.linalg.svd(maps[:, :, :2], compute_uv=False)  # the two axes' zooms, larger first
    zooms, aspects = np.sqrt(sides.prod(axis=1)), sides[:, 0] / sides[:, 1]
    assert 0.5 <= zooms.min() < 0.6 and 1.7 < zooms.max() <= 2.0
    assert aspects.max() <= 1.2 + 1e-9 and np.abs(maps[:, :, 2]).max() <= 0.1
    mirrored = np.linalg.det(maps[:, :, :2]) < 0
    assert 0.4 < mirrored.mean() < 0.6


@pytest.mark.parametrize("height, width", [(64, 64), (60, 90), (150, 210)])
def test_image_and_mask_move_together(height, width):
    affine = RandLesionAffined(KEYS, spatial_size=48).set_random_state(1)
    for _ in range(12):
        result = affine(lesion(height, width))
        assert result["image"].shape == (3, 48, 48) and result["mask"].shape == (1, 48, 48)
        assert np.abs(centroid(result["image"][0]) - centroid(result["mask"][0])).max() < 1.0


@pytest.mark.parametrize("top, dtype", [(255, torch.uint8), (1, torch.float32)])
@pytest.mark.parametrize("side", [40, 170])
def test_a_mask_stays_binary_and_keeps_its_area(side, top, dtype):
    affine = RandLesionAffined("mask", spatial_size=48, nearest_keys="mask", **STILL)
    mask = (lesion(side, side)["mask"] // 255 * top).to(dtype)
    warped = affine({"mask": mask})["mask"]
    assert warped.dtype == dtype and set(warped.unique().tolist()) == {0, top}
    assert (warped > 0).float().mean() == pytest.approx((mask > 0).float().mean().item(), abs=0.01)


def test_an_empty_mask_stays_empty_when_it_shrinks():
    affine = RandLesionAffined("mask", spatial_size=16)
    assert affine({"mask": torch.zeros(1, 90, 90, dtype=torch.uint8)})["mask"].sum() == 0


def test_a_missing_mask_is_left_out_where_that_is_allowed():
    item = {"image": asymmetric(200, 200)}
    for transform, options in ((RandLesionAffined, {"spatial_size": 16}), (RandCentralCropd, {"prob": 1.0})):
        assert set(transform(KEYS, allow_missing_keys=True, **options)(item)) == {"image"}
        with pytest.raises(KeyError, match="mask"):
            transform(KEYS, **options)(item)


@pytest.mark.parametrize("zoom", [1.8, (0.0, 1.5), (1.5, 0.75), (0.75, 1.0, 1.8)])
def test_a_zoom_that_is_no_range_of_positive_numbers_is_refused(zoom) -> None:
    with pytest.raises(ValueError, match="zoom must be two positive numbers, the smaller one first"):
        RandLesionAffined("image", spatial_size=8, zoom=zoom)


def test_several_keys_without_one_that_is_called_a_mask_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\('mask',\) are none of the keys \('img', 'seg'\): name the masks"):
        RandLesionAffined(("img", "seg"), spatial_size=16)
    RandLesionAffined(("img", "twin"), spatial_size=16, nearest_keys=())
