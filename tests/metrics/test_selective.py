# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest

from mt_transunet.metrics import summarise
from mt_transunet.metrics.selective import rank_agreement, selective_jaccard


def test_the_rank_correlation_looks_at_the_order_alone():
    assert rank_agreement([1, 2, 3], [0.1, 0.2, 0.9]) == pytest.approx(1.0)
    # ranks 1 2 3 4 and 2 1 4 3: 1 - 6 * 4 / (4 * 15)
    assert rank_agreement([1, 2, 3, 4], [2, 1, 40, 30]) == pytest.approx(0.6)


@pytest.mark.parametrize("predicted, true", [([], []), ([0.5], [0.5]), ([0.5, 0.5], [0.1, 0.2])])
def test_where_there_is_no_order_there_is_no_correlation(predicted, true):
    assert math.isnan(rank_agreement(predicted, true))


def test_a_fifth_is_put_aside_by_its_certainty():
    certainty = [0.9, 0.1, 0.8, 0.7, 0.2, 0.6, 0.5, 0.4, 0.3, 0.95, 0.85]  # a fifth of 11 is 2: 0.1 and 0.2
    jaccard = [0.9, 0.2, 0.9, 0.9, 0.4, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
    assert selective_jaccard(certainty, jaccard) == pytest.approx(((0.2 + 0.4 + 9 * 0.9) / 11, 0.9))


def test_fewer_than_five_images_are_all_kept():
    assert selective_jaccard([0.1, 0.2], [0.0, 1.0]) == (0.5, 0.5)


def rows():
    figures = [(0.9, 0.8), (0.8, 0.9), (0.7, 0.6), (0.6, 0.7), (0.2, 0.2)]  # predicted and true Dice
    return [
        {"image_id": str(number), "predicted_dice": predicted, **dict.fromkeys(("AC", "SE", "SP"), 1.0)}
        | {"DI": dice, "JA": dice / (2 - dice)}
        for number, (predicted, dice) in enumerate(figures)
    ]


def test_the_summary_says_what_putting_the_worst_aside_gains():
    block = summarise(rows(), resamples=10)["confidence"]
    # ranks 5 4 3 2 1 and 4 5 2 3 1: 1 - 6 * 4 / (5 * 24)
    assert block["n"] == 5 and block["spearman"] == pytest.approx(0.8)
    kept = [0.8 / 1.2, 0.9 / 1.1, 0.6 / 1.4, 0.7 / 1.3]
    assert block["JA_kept"] == pytest.approx(sum(kept) / 4) and block["JA"] == pytest.approx(
        (sum(kept) + 0.2 / 1.8) / 5
    )


def test_an_image_whose_dice_is_undefined_is_left_out_of_the_summary_s_block():
    empty = {"image_id": "none", "predicted_dice": 0.3, "AC": 1.0, "SP": 1.0, **dict.fromkeys(("DI", "JA", "SE"))}
    assert summarise([*rows(), empty], resamples=2)["confidence"]["n"] == 5


def test_without_predictions_the_summary_s_block_is_empty():
    plain = [{key: value for key, value in row.items() if key != "predicted_dice"} for row in rows()]
    assert summarise(plain, resamples=10)["confidence"] == {"n": 0, "spearman": None, "JA": None, "JA_kept": None}
