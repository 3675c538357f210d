# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
import torch

from mt_transunet.annotation import uncertainty
from mt_transunet.quality import Confidenced, DicePredictor


def item(*lesion):
    """An evaluator output of one view as it reaches Confidenced, whose level set says what its mask says."""
    lesion = torch.tensor([lesion])
    return {
        "pred_mask_logits": torch.stack([torch.zeros_like(lesion), torch.logit(lesion)]),
        "pred_level_set": (0.5 - lesion)[None],
        "pred_class_logits": torch.tensor([0.0, 2.0, 1.0]),
        "pred_lesion_moments": torch.stack([lesion, lesion**2, (lesion > 0.5).float()]),
        "pred_class_moments": torch.full((2, 3), 1 / 3),
    }


def test_it_is_one_less_the_predicted_dice():
    predictor = DicePredictor(1.0, (0.0, 0.0, -0.5), 0.5, n=20, spearman=0, mean_error=0, jaccard_all=0, jaccard_kept=0)
    # expected Dice 2 * 0.64 / (1 + 0.64 + 0.36) = 0.64, so that the line gives 1 - 0.5 * sqrt(0.36) = 0.7
    assert uncertainty(Confidenced(predictor)(item(0.64, 0.36))) == pytest.approx(0.3)


def test_without_a_predictor_it_is_one_less_the_mean_of_agreement_and_expected_dice():
    # of one view, which agrees with itself
    assert uncertainty(Confidenced()(item(0.64, 0.36))) == pytest.approx(1 - (1 + 0.64) / 2)


def test_without_a_predictor_the_level_set_has_no_say():
    contrary = {**item(0.64, 0.36), "pred_level_set": torch.tensor([[[0.5, -0.5]]])}
    assert uncertainty(Confidenced()(contrary)) == uncertainty(Confidenced()(item(0.64, 0.36)))


def test_without_moments_it_is_one_less_the_expected_dice():
    lesion = torch.tensor([[0.64, 0.36]])
    assert uncertainty({"pred_mask_logits": torch.stack([1 - lesion, lesion])}) == pytest.approx(0.36)


def test_a_mask_of_sure_pixels_is_less_uncertain_than_one_of_unsure_pixels():
    sure, unsure = (uncertainty(Confidenced()(item(p, 1 - p))) for p in (0.9, 0.6))
    assert sure < unsure


@pytest.mark.parametrize("predictor", [None, lambda figures: 0.0])
def test_where_nothing_is_called_lesion_it_is_one(predictor):
    assert uncertainty(Confidenced(predictor)(item(0.3, 0.2))) == pytest.approx(1.0)


def test_an_undefined_figure_counts_as_a_dice_of_nothing():
    confidence = {"agreement": math.nan, "consistency": 1.0, "expected": 0.5, "spread": math.nan}
    assert uncertainty({"pred_confidence": confidence}) == pytest.approx(0.75)


def test_an_item_without_either_key_is_refused_by_name():
    with pytest.raises(ValueError, match="pred_confidence or pred_mask_logits, got .*image"):
        uncertainty({"image": 1})
