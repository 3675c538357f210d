# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
import torch

from mt_transunet.quality.confidence import Confidenced, class_spread, lesion_spread, mask_confidence, overlap


def plane(*values):
    return torch.tensor([values], dtype=torch.float32)


def test_overlap_of_shares_is_dice_with_products_for_intersections():
    # 2 (1 * 0.5 + 1 * 1) / (2 + 1.75) = 3 / 3.75
    assert overlap(plane(1, 1, 0), plane(0.5, 1, 0.25)) == pytest.approx(0.8)


def test_overlap_of_nothing_with_nothing_is_undefined():
    assert math.isnan(overlap(plane(0, 0), plane(0, 0)))


def test_spread_over_views_is_the_standard_deviation():
    views = torch.tensor([0.2, 0.4, 0.9])
    moments = torch.stack([views.mean(), (views**2).mean(), (views > 0.5).float().mean()]).view(3, 1, 1)
    assert lesion_spread(moments).item() == pytest.approx(views.std(correction=0).item(), abs=1e-6)


def test_rounding_below_zero_gives_no_spread_and_no_nan():
    assert lesion_spread(torch.tensor([0.3, 0.09 - 1e-8, 0.0]).view(3, 1, 1)).item() == 0.0


def test_class_spread_is_that_of_each_class():
    views = torch.tensor([[0.5, 0.3, 0.2], [0.7, 0.3, 0.0]])
    assert class_spread(torch.stack([views.mean(0), (views**2).mean(0)])).tolist() == pytest.approx(
        [0.1, 0.0, 0.1], abs=1e-4
    )


def test_the_three_confidences_are_three_overlaps_with_the_mask():
    moments = torch.stack([plane(1.0, 0.6, 0.2), plane(1.0, 0.4, 0.1), plane(1.0, 0.5, 0.0)])
    found = mask_confidence(plane(1, 1, 0), moments, plane(-0.5, 0.1, 0.4))
    assert found["agreement"] == pytest.approx(2 * 1.5 / 3.5)
    assert found["consistency"] == pytest.approx(2 * 1 / 3)
    assert found["expected"] == pytest.approx(2 * 1.6 / 3.8)


def item(*, lesion=(0.9, 0.1)):
    moments = torch.stack([plane(*lesion), plane(*(p * p + 0.01 for p in lesion)), plane(*map(round, lesion))])
    return {
        "pred_mask_logits": torch.stack([plane(0, 0), plane(*(p - 0.5 for p in lesion))]),
        "pred_level_set": (0.5 - plane(*lesion))[None],
        "pred_class_logits": torch.tensor([0.0, 2.0, 1.0]),
        "pred_lesion_moments": moments,
        "pred_class_moments": torch.tensor([[0.1, 0.6, 0.3], [0.05, 0.45, 0.09]]),
    }


def test_an_item_gets_its_figures_and_keeps_the_map_of_spread():
    found = Confidenced()(item())
    assert found["pred_confidence"]["agreement"] == 1.0 and found["pred_confidence"]["consistency"] == 1.0
    assert found["pred_confidence"]["spread"] == pytest.approx(0.1, abs=1e-6)
    assert found["pred_confidence"]["class_spread"] == pytest.approx(0.3, abs=1e-6)  # sqrt(0.45 - 0.36), melanoma
    assert found["pred_spread"].shape == (1, 1, 2)
    assert "pred_lesion_moments" not in found and "pred_class_moments" not in found


def test_a_predictor_is_given_the_confidences_of_the_mask():
    found = Confidenced(lambda figures: 0.5 * figures["agreement"])(item())["pred_confidence"]
    assert found["predicted_dice"] == 0.5 and "predicted_dice" not in Confidenced()(item())["pred_confidence"]


def test_an_empty_mask_has_no_spread_inside():
    figures = Confidenced()(item(lesion=(0.2, 0.1)))["pred_confidence"]
    assert math.isnan(figures["spread"]) and math.isnan(figures["agreement"])


def test_an_item_without_moments_passes_unchanged():
    assert Confidenced()({"pred_mask_logits": 1}) == {"pred_mask_logits": 1}
