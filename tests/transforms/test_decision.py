# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from mt_transunet.transforms import DecideMaskd, decide_mask, expected_jaccard_threshold


def test_the_threshold_is_where_the_expected_index_is_largest():
    # 10 pixels of 1.0, 10 of 0.4, 10 of 0.3: sum 17. Down to 1.0: 10/17 = 0.588; to 0.4: 14/(20 + 3) = 0.609;
    # to 0.3: 17/30 = 0.567. So the pixels of 0.4 belong to the mask and those of 0.3 do not.
    probability = torch.tensor([1.0, 0.4, 0.3]).repeat_interleave(10)
    assert 0.3 < expected_jaccard_threshold(probability) <= 0.4


def test_certain_probabilities_are_cut_at_one_half():
    assert expected_jaccard_threshold(torch.tensor([1.0] * 40 + [0.01] * 60)) == 0.5


def test_the_threshold_agrees_with_trying_every_mask_of_the_largest_pixels():
    values = torch.rand(300, generator=torch.Generator().manual_seed(4)).sort(descending=True).values ** 2
    inside, count = values.cumsum(0), torch.arange(1, 301)
    best = int((inside / (count + inside[-1] - inside)).argmax()) + 1
    taken = int((values >= expected_jaccard_threshold(values)).sum())
    assert abs(taken - best) <= 2  # 300 values on 500 levels


def test_no_threshold_lies_below_a_fifth():
    assert expected_jaccard_threshold(torch.full((50,), 0.1)) >= 0.2


def test_without_a_pixel_above_one_half_there_is_no_lesion():
    assert not decide_mask(torch.full((1, 8, 8), 0.45)).any()


def test_a_large_region_of_doubt_does_not_displace_the_lesion():
    probability = torch.zeros(1, 60, 60)
    probability[0, 5:15, 5:15] = 0.97
    probability[0, 25:55, 15:55] = 0.42  # sum 504 of 1200 pixels: taken by the threshold, yet nowhere likely
    mask = decide_mask(probability)
    assert expected_jaccard_threshold(probability) <= 0.42
    assert mask.sum() == 100 and mask[0, 5:15, 5:15].all()


def test_only_the_region_with_most_likely_pixels_is_kept():
    probability = torch.zeros(1, 20, 20)
    probability[0, 2:10, 2:10] = 0.9
    probability[0, 15:18, 15:18] = 0.99
    assert decide_mask(probability).sum() == 64
    assert decide_mask(probability, "half").sum() == 64 + 9


def test_a_diagonal_connects_a_region():
    probability = torch.zeros(1, 6, 6)
    probability[0, 0:2, 0:2] = probability[0, 2:4, 2:4] = 0.9
    assert decide_mask(probability).sum() == 8


def test_half_is_every_pixel_above_one_half():
    probability = torch.tensor([[[0.2, 0.5, 0.51, 0.9]]])
    assert decide_mask(probability, "half").tolist() == [[[False, False, True, True]]]


def test_the_transform_takes_both_channels_and_leaves_zeros_and_ones():
    lesion = torch.zeros(6, 6)
    lesion[1:4, 1:4] = 0.8
    result = DecideMaskd("mask")({"mask": torch.stack([1 - lesion, lesion]), "other": 3})
    assert result["mask"].shape == (1, 6, 6) and result["mask"].dtype == torch.float32 and result["other"] == 3
    assert torch.equal(result["mask"][0], (lesion > 0.5).float())


def test_an_unknown_decision_names_the_known_ones():
    with pytest.raises(ValueError, match="known are jaccard, half"):
        DecideMaskd("mask", decision="best")


@pytest.mark.parametrize("shape", [(1, 4, 5), (3, 4, 5), (2, 2, 4, 5)])
def test_probabilities_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"mask must be \(2, H, W\), background and lesion, got"):
        DecideMaskd("mask")({"mask": torch.zeros(shape)})
