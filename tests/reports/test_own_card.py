# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from mt_transunet.reports.own_card import own_card


@pytest.fixture
def record(measured, stage):
    return {
        "variant": "lite",
        "learned_from": {"images": 612, "sha256": "ab"},
        "calibration": None,
        "operating_points": {"melanoma_sensitivity_0.9": {}},
        "held_out": {"3 folds of the training images": {**measured, "protocol": {"views": "fast"}}},
        "judged_by_others": True,
        "chosen_on_these": False,
        "stages": {"all": [stage], "fold0": [stage], "fold1": [stage], "fold2": [stage]},
    }


def test_the_card_of_a_cross_validation_says_that_others_were_judged(record):
    text = own_card(record, "own.pt")
    assert text.startswith("# Model card: `own.pt`\n\nResearch software, not a medical device.")
    assert "612 images." in text and "a cross-validation: of 3 networks that" in text
    assert "| held-out 3 folds of the training images, 4 views | 150 | 0.800 [0.790, 0.810] |" in text


def test_the_card_of_the_weights_own_figures_says_so(record):
    text = own_card({**record, "judged_by_others": False}, "own.pt")
    assert "The figures are of the weights in this file" in text and "cross-validation" not in text


def test_figures_that_weights_were_chosen_by_are_called_flattering(record):
    assert "They flatter" not in own_card(record, "own.pt")
    assert "the best by the very images below" in own_card({**record, "chosen_on_these": True}, "own.pt")


def test_what_nobody_wrote_down_is_asked_for(record):
    assert "whoever gives these weights away has to write it here" in own_card(record, "own.pt")


def test_of_weights_without_figures_nothing_is_claimed():
    text = own_card({"sha256": "ab", "variant": "lite"}, "model.pt")
    assert "Nobody has measured how good these weights are" in text and "How many images is not on record." in text
    assert "|" not in text


def test_of_a_recipe_it_is_said_which_rows_are_of_the_file(record, measured):
    for key in ("judged_by_others", "chosen_on_these"):
        del record[key]
    text = own_card({**record, "validation": {"paper": measured}, "held_out": {"fold0": measured}}, "lite.pt")
    assert "Rows that begin with `validation` are of this file" in text
    assert "| validation, 18 views | 150 |" in text and "| held-out fold0, 18 views | 150 |" in text


def test_where_nobody_knows_what_the_first_weights_had_seen_the_card_says_so(record):
    (found,) = record["held_out"].values()
    assert "Nobody knows" not in own_card(record, "own.pt")
    found["protocol"]["learned_from"] = None
    assert "Nobody knows whether the weights that training started from" in own_card(record, "own.pt")


def test_weights_that_training_went_on_from_are_named_by_their_hash(record):
    record["stages"]["all"][0]["settings"]["initial_weights"] = "0123456789abcdef"
    assert "Training went on from the weights with SHA-256 `0123456789ab...`" in own_card(record, "own.pt")


def test_intervals_over_groups_are_not_called_intervals_over_images(record):
    assert "each image taken as independent of the others" in own_card(record, "own.pt")
    next(iter(record["held_out"].values()))["groups"] = 40
    text = own_card(record, "own.pt")
    assert "intervals over groups of images: those of one patient" in text and "independent" not in text


def test_without_a_temperature_the_error_is_that_of_the_weights_as_trained(record):
    assert "| held-out 3 folds of the training images, 4 views | 150 | 0.040 | 0.050 | 0.080 |" in own_card(
        record, "a.pt"
    )


def test_without_a_threshold_that_stands_as_not_measured(record):
    text = own_card(record, "own.pt")
    assert "| melanoma, held out | called from a probability of | melanomas | found |" in text
    assert "| not measured | not measured | not measured | not measured | not measured | not measured |" in text


def test_only_what_was_fitted_is_said_to_have_been(record):
    assert "fitted to these images" not in own_card(record, "own.pt")
    point = {"threshold": 0.2, "sensitivity": 0.9, "specificity": 0.7, "melanomas": 20, "others": 30}
    with_threshold = own_card({**record, "operating_points": {"melanoma_sensitivity_0.9": {"fast": point}}}, "own.pt")
    assert "The threshold was fitted" in with_threshold and "The temperature was fitted" not in with_threshold
