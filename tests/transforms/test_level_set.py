# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from scipy import ndimage
from skimage.segmentation import find_boundaries

from mt_transunet.transforms import LevelSet, LevelSetd, signed_distance


def disc(height: int = 41, width: int = 61, radius: float = 12.0) -> np.ndarray:
    rows, columns = np.ogrid[:height, :width]
    return np.hypot(rows - height // 2, columns - width // 2) <= radius


def blobs(seed: int, shape: tuple[int, int]) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=shape)
    return ndimage.gaussian_filter(noise, 2.5) > 0.02


def by_scipy(mask: np.ndarray, normalize: bool) -> np.ndarray:
    """Eq. 4 in the authors' form, from scipy's exact transform and skimage's boundaries, rounded to float32."""
    outside = ndimage.distance_transform_edt(~mask).astype(np.float32)
    inside = ndimage.distance_transform_edt(mask).astype(np.float32)
    if normalize:
        outside, inside = outside / outside.max(), inside / inside.max()
    level_set = outside - inside
    level_set[find_boundaries(mask, mode="inner", connectivity=1)] = 0
    return level_set


def test_the_distance_to_a_disc_is_the_analytic_one_within_a_pixel():
    rows, columns = np.ogrid[:41, :61]
    analytic = np.hypot(rows - 20, columns - 30) - 12.0
    # a pixel counts from centre to centre, so it may be off by the diagonal of one at most
    assert np.abs(signed_distance(disc(), normalize=False) - analytic).max() <= 1.0


def test_the_centre_of_a_disc_is_minus_one_and_the_farthest_corner_plus_one():
    level_set = signed_distance(disc())
    assert level_set[20, 30] == -1.0 and level_set[0, 0] == level_set.max() == 1.0


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("shape", [(64, 64), (37, 90), (300, 210)])
def test_scipy_gives_the_same_numbers_to_the_last_bit(shape, normalize):
    for seed in range(3):
        mask = blobs(seed, shape)
        level_set = signed_distance(mask, normalize=normalize)
        assert level_set.dtype == np.float32
        assert np.array_equal(level_set, by_scipy(mask, normalize))


def test_zero_is_exactly_on_the_inner_boundary_of_four_neighbours():
    mask = blobs(7, (50, 70))
    assert np.array_equal(signed_distance(mask) == 0, find_boundaries(mask, mode="inner", connectivity=1))


def test_it_is_negative_inside_and_positive_outside():
    mask = blobs(3, (50, 70))
    level_set = signed_distance(mask)
    assert (level_set[~mask] > 0).all() and (level_set[mask] <= 0).all() and (level_set < 0).any()
    assert level_set.min() == -1.0 and level_set.max() == 1.0


@pytest.mark.parametrize("value, expected", [(0, 1.0), (1, -1.0)])
def test_an_empty_mask_is_plus_one_and_a_full_one_minus_one(value, expected):
    mask = np.full((3, 4), value)
    assert np.array_equal(signed_distance(mask), np.full((3, 4), expected, np.float32))
    assert np.array_equal(signed_distance(mask, normalize=False), np.full((3, 4), 5.0 * expected, np.float32))


def test_one_pixel_is_zero_and_the_rest_its_distance():
    mask = np.zeros((3, 3))
    mask[0, 0] = 7
    root2, root5, root8 = np.sqrt([2, 5, 8])
    expected = np.array([[0, 1, 2], [1, root2, root5], [2, root5, root8]]) / root8
    assert np.allclose(signed_distance(mask), expected, atol=1e-7)


def test_a_mask_with_a_channel_axis_is_refused():
    with pytest.raises(ValueError, match=r"shape \(H, W\), got \(1, 3, 3\); drop the channel axis"):
        signed_distance(np.zeros((1, 3, 3)))
    with pytest.raises(ValueError, match=r"shape \(1, H, W\), got \(2, 3, 3\)"):
        LevelSet()(np.zeros((2, 3, 3)))


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor, MetaTensor])
def test_arrays_and_tensors_give_the_same_level_set(kind):
    mask = kind(disc()[None].astype(np.float32))
    level_set = LevelSet()(mask)
    assert level_set.shape == (1, 41, 61) and level_set.dtype == torch.float32
    assert isinstance(level_set, MetaTensor) == (kind is MetaTensor)
    assert np.array_equal(np.asarray(level_set[0]), signed_distance(disc()))


def test_the_threshold_tells_lesion_from_grey():
    grey = torch.tensor([[[0.0, 100.0, 200.0]]])
    assert torch.equal(LevelSet(threshold=128)(grey) > 0, torch.tensor([[[True, True, False]]]))


def test_the_dictionary_form_adds_a_key_and_keeps_the_mask():
    mask = torch.as_tensor(disc()[None].astype(np.float32))
    item = {"mask": mask, "image": 1}
    result = LevelSetd("mask", normalize=False)(item)
    assert set(item) == {"mask", "image"} and result["mask"] is mask
    assert np.array_equal(result["level_set"][0].numpy(), signed_distance(disc(), normalize=False))
    assert LevelSetd("mask", allow_missing_keys=True)({"image": 1}) == {"image": 1}


def test_several_masks_have_a_level_set_each_and_the_targets_are_counted():
    masks = {"seen": torch.zeros(1, 4, 5), "given": torch.ones(1, 4, 5)}
    result = LevelSetd(("seen", "given"), target_key=("far", "near"))(masks)
    assert (result["far"] == 1).all() and (result["near"] == -1).all()
    with pytest.raises(ValueError, match="'far' must name one target for each of seen, given"):
        LevelSetd(("seen", "given"), target_key="far")


def test_changing_the_affine_of_the_level_set_leaves_that_of_the_mask():
    mask = MetaTensor(torch.ones(1, 4, 5), affine=torch.eye(4, dtype=torch.float64))
    LevelSet()(mask).affine.mul_(3)
    assert torch.equal(mask.affine, torch.eye(4, dtype=torch.float64))


def test_a_mask_that_needs_a_gradient_has_a_level_set_without():
    assert not LevelSet()(torch.ones(1, 4, 5, requires_grad=True)).requires_grad
