# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math

import numpy as np
import pytest

from mt_transunet.quality.predicted_dice import FEATURES, DicePredictor


def rows(count=40, noise=0.0, seed=0):
    """Dice that is 0.95 - 0.5 sqrt(1 - agreement) - 0.3 sqrt(1 - expected), and noise."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        agreement, consistency, expected = generator.uniform(0.7, 1.0, size=3)
        dice = 0.95 - 0.5 * math.sqrt(1 - agreement) - 0.3 * math.sqrt(1 - expected) + noise * generator.normal()
        found.append(
            {
                "agreement": agreement,
                "consistency": consistency,
                "expected": expected,
                "DI": dice,
                "JA": dice / (2 - dice),
            }
        )
    return found


def test_a_line_is_found_again():
    predictor = DicePredictor.fit(rows())
    assert [predictor.intercept, *predictor.weights] == pytest.approx([0.95, -0.5, 0.0, -0.3], abs=1e-9)
    assert predictor.spearman == pytest.approx(1.0) and predictor.mean_error == pytest.approx(0.0, abs=1e-9)
    # 0.95 - 0.5 * 0.4 - 0.3 * 0.3
    assert predictor({"agreement": 0.84, "consistency": 0.5, "expected": 0.91}) == pytest.approx(0.66)


def test_each_image_is_judged_by_a_line_through_the_others():
    noisy = rows(noise=0.05)
    predictor = DicePredictor.fit(noisy)
    errors = []
    for left_out in range(len(noisy)):
        others = DicePredictor.fit(noisy[:left_out] + noisy[left_out + 1 :])
        errors.append(abs(others(noisy[left_out]) - noisy[left_out]["DI"]))
    assert predictor.mean_error == pytest.approx(np.mean(errors), abs=1e-9)


def test_dice_that_has_nothing_to_do_with_the_confidences_is_not_predicted():
    shuffled = [{**row, "DI": dice} for row, dice in zip(rows(200), np.random.default_rng(1).uniform(size=200))]
    assert abs(DicePredictor.fit(shuffled).spearman) < 0.2


def test_a_fifth_of_the_images_learnt_from_is_doubtful():
    learnt = rows(noise=0.02)
    predictor = DicePredictor.fit(learnt)
    assert sum(predictor(row) < predictor.doubtful for row in learnt) == 8


def test_images_put_aside_by_good_predictions_leave_better_ones():
    predictor = DicePredictor.fit(rows(noise=0.01))
    assert predictor.jaccard_kept > predictor.jaccard_all + 0.02


def test_a_record_holds_a_predictor_for_some_views_only():
    record = {"predicted_dice": {"fast": DicePredictor.fit(rows()).to_json()}}
    assert DicePredictor.of_record(record, "fast") == DicePredictor.fit(rows())
    assert DicePredictor.of_record(record, "none") is None and DicePredictor.of_record({}, "fast") is None


def test_a_prediction_stays_between_0_and_1():
    predictor = DicePredictor(
        2.0, (-9.0, 0.0, 0.0), doubtful=0.5, n=20, spearman=0.0, mean_error=0.0, jaccard_all=0.5, jaccard_kept=0.5
    )
    assert predictor(dict.fromkeys(FEATURES, 1.0)) == 1.0 and predictor(dict.fromkeys(FEATURES, 0.0)) == 0.0


def test_an_image_without_lesion_has_no_dice_to_expect():
    predictor = DicePredictor.fit(rows())
    assert predictor(dict.fromkeys(FEATURES, math.nan)) == 0.0


def test_images_without_mask_or_lesion_are_left_out():
    incomplete = [{"agreement": 0.9, "consistency": 0.9, "expected": 0.9}, {**rows(1)[0], "agreement": math.nan}]
    assert DicePredictor.fit(rows() + incomplete) == DicePredictor.fit(rows())


def test_too_few_images_are_refused():
    with pytest.raises(ValueError, match="got 19"):
        DicePredictor.fit(rows(19))


def test_it_survives_json():
    predictor = DicePredictor.fit(rows(noise=0.01))
    assert DicePredictor.from_json(json.loads(json.dumps(predictor.to_json()))) == predictor
