# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import pytest

from mt_transunet.reports.card import card_tables, failure_tables


def test_figures_stand_with_their_intervals_and_undefined_ones_say_so(measured, stage):
    text = card_tables({"validation": {"paper": measured}, "stages": {"all": [stage]}})
    assert "| validation, 18 views | 150 | 0.800 [0.790, 0.810] | 0.875 [0.865, 0.885] | 0.900 [0.890, 0.910] " in text
    assert "| 0.900 [0.890, 0.910] | not measured | not measured |" in text


def test_a_figure_without_an_interval_stands_with_dashes(measured, stage):
    measured["segmentation"]["JA"] = {"value": 1.0, "low": None, "high": None}
    text = card_tables({"validation": {"paper": measured}, "stages": {"all": [stage]}})
    assert "| 150 | 1.000 [-, -] | 0.875 [0.865, 0.885] |" in text


def test_the_card_says_how_many_melanomas_the_likeliest_diagnosis_finds(measured, stage):
    text = card_tables({"validation": {"paper": measured}, "stages": {"all": [stage]}})
    assert "| the likeliest diagnosis | melanoma found (SE) | melanoma spared (SP) |" in text
    assert "| validation, 18 views | 0.500 [0.490, 0.510] | 0.950 [0.940, 0.960] | not measured |" in text


def test_held_out_folds_stand_beside_validation(measured, stage):
    text = card_tables({"validation": {"none": measured}, "held_out": {"fold0": measured}, "stages": {"all": [stage]}})
    assert "| validation, 1 view | 150 |" in text and "| held-out fold0, 18 views | 150 |" in text


def test_calibration_is_shown_after_the_temperature_only(measured, stage):
    found = {**measured["calibration"], "n": 400}
    pooled = {**found, "ECE": 0.03, "temperature": 1.25, "at_temperature": {**found, "ECE": 0.02}}
    record = {"validation": {"paper": measured}, "held_out": {"fold0": measured}, "calibration": pooled}
    text = card_tables({**record, "stages": {"all": [stage]}})
    assert "| validation, 18 views | 150 | 0.040 | 0.050 | 0.080 |" in text
    assert "| held out, temperature 1.250 | 400 | 0.020 | 0.050 | 0.080 |" in text
    assert "| held out, temperature fitted on the other parts | 400 | 0.030 | 0.050 | 0.080 |" in text
    assert "| held-out fold0, 18 views | 150 | 0.040 |" not in text


def test_a_record_without_figures_says_that_nothing_was_measured(stage):
    text = card_tables({"validation": None, "stages": {"all": [stage]}})
    assert "| not measured | not measured | not measured | not measured |" in text
    assert "| all | 1 | 0 | 160 | 800 | constant | 61.5 | 1 |" in text


def test_trainings_from_the_same_weights_are_one_stage_by_several_seeds(stage):
    def seeded(seed, initial_weights):
        return {**stage, "settings": {**stage["settings"], "seed": seed, "initial_weights": initial_weights}}

    stages = [seeded(0, None), seeded(0, "ab"), seeded(1, "ab"), seeded(0, "cd")]
    text = card_tables({"validation": None, "stages": {"all": stages}})
    found = [tuple(line.split(" | ")[1:3]) for line in text.splitlines() if line.startswith("| all |")]
    assert found == [("1", "0"), ("2", "0"), ("2", "1"), ("3", "0")]


def test_of_other_melanomas_fewer_are_expected_than_those_the_cut_was_chosen_by(measured, stage):
    point = {"threshold": 0.25, "sensitivity": 0.9, "specificity": 0.75, "melanomas": 10, "others": 20}
    points = {"melanoma_sensitivity_0.9": {"fast": point}}
    text = card_tables({"validation": {"fast": measured}, "operating_points": points, "stages": {"all": [stage]}})
    # the 9th highest of 10: Beta(9, 2), mean 9/11; its distribution function is 10 x^9 - 9 x^10
    (line,) = [line for line in text.splitlines() if line.startswith("| 4 views | 0.250 | 10 |")]
    low, high = map(float, re.search(r"0.818 \[(.*), (.*)\]", line).groups())
    assert [10 * x**9 - 9 * x**10 for x in (low, high)] == pytest.approx([0.025, 0.975], abs=2e-3)
    assert line.startswith("| 4 views | 0.250 | 10 | 0.900 |") and line.endswith("| 0.750 |")


def test_failures_are_named_with_their_figures():
    masks = [{"image_id": "ISIC_1", "JA": 0.1, "DI": 0.182}]
    classes = [{"image_id": "ISIC_2", "true": "melanoma", "given": "seborrheic_keratosis", "probability": 0.91}]
    text = failure_tables({"failures": {"masks": masks, "classes": classes}})
    assert "| ISIC_1 | 0.100 | 0.182 |" in text
    assert "| ISIC_2 | melanoma | seborrheic keratosis | 0.910 |" in text
