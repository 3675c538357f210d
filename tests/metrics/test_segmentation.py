# SPDX-License-Identifier: Apache-2.0
"""Per-image scores against counts made by hand and MONAI's own mask metrics."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.metrics import compute_dice, compute_iou

from mt_transunet.metrics import segmentation_scores

EMPTY, FULL = np.zeros((3, 5), np.uint8), np.ones((3, 5), np.uint8)
PREDICTION = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 0, 0]], np.uint8)
MASK = np.array([[0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 1]], np.uint8)


def test_scores_of_two_overlapping_rectangles_are_the_fractions_counted_by_hand():
    # overlap 4, predicted 6, true 7, 15 pixels: 2 false positives, 3 false negatives, 6 true negatives
    assert segmentation_scores(PREDICTION, MASK) == pytest.approx(
        {"JA": 4 / 9, "DI": 8 / 13, "AC": 10 / 15, "SE": 4 / 7, "SP": 6 / 8}, abs=1e-15
    )


@pytest.mark.parametrize("density", [0.02, 0.5, 0.97])
def test_jaccard_and_dice_equal_monais_mask_metrics(density):
    generator = torch.Generator().manual_seed(3)
    prediction, mask = (torch.rand(1, 1, 31, 17, generator=generator) < density for _ in range(2))
    scores = segmentation_scores(prediction[0], mask[0])
    pair = prediction.float(), mask.float()
    assert scores["JA"] == pytest.approx(compute_iou(*pair, ignore_empty=False).item(), abs=1e-6)
    assert scores["DI"] == pytest.approx(compute_dice(*pair, ignore_empty=False).item(), abs=1e-6)


def test_two_empty_masks_leave_jaccard_dice_and_sensitivity_undefined():
    scores = segmentation_scores(EMPTY, EMPTY)
    assert {name for name, value in scores.items() if math.isnan(value)} == {"JA", "DI", "SE"}
    assert scores["AC"] == scores["SP"] == 1


def test_full_mask_leaves_only_specificity_undefined():
    scores = segmentation_scores(PREDICTION, FULL)
    assert math.isnan(scores.pop("SP"))
    assert scores == pytest.approx({"JA": 6 / 15, "DI": 12 / 21, "AC": 6 / 15, "SE": 6 / 15})


def test_empty_prediction_on_a_lesion_scores_zero():
    scores = segmentation_scores(EMPTY, MASK)
    assert scores == pytest.approx({"JA": 0, "DI": 0, "AC": 8 / 15, "SE": 0, "SP": 1})


def test_prediction_on_a_lesion_free_image_scores_zero_without_a_sensitivity():
    scores = segmentation_scores(PREDICTION, EMPTY)
    assert math.isnan(scores.pop("SE"))
    assert scores == pytest.approx({"JA": 0, "DI": 0, "AC": 9 / 15, "SP": 9 / 15})


def test_counts_stay_exact_beyond_what_float32_can_count():
    mask = torch.ones(1, 4097, 4096, dtype=torch.bool)  # 2**24 + 4096 pixels
    prediction = mask.clone()
    prediction[0, 0, 0] = False
    assert segmentation_scores(prediction, mask)["JA"] == (2**24 + 4095) / (2**24 + 4096)


def test_channel_axis_dtype_and_meta_tensor_change_nothing():
    expected = segmentation_scores(PREDICTION, MASK)
    tensors = MetaTensor(PREDICTION[None].astype(np.float32)), torch.tensor(MASK.astype(bool))
    assert segmentation_scores(*tensors) == expected


def test_masks_of_different_sizes_are_refused_with_both_sizes():
    with pytest.raises(ValueError, match=r"same size, got \(3, 5\) and \(5, 3\)"):
        segmentation_scores(PREDICTION, MASK.T)


def test_a_mask_of_zero_and_255_is_refused():
    with pytest.raises(ValueError, match="mask must hold only 0 and 1"):
        segmentation_scores(PREDICTION, MASK * 255)


@pytest.mark.parametrize("shape", [(5,), (2, 3, 5), (1, 1, 3, 5)])
def test_anything_but_one_mask_is_refused(shape):
    with pytest.raises(ValueError, match="prediction must be"):
        segmentation_scores(np.zeros(shape), MASK)
