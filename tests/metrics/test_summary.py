# SPDX-License-Identifier: Apache-2.0
"""The blocks of metrics.json."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest

from mt_transunet.metrics import calibration_error, check_classification, classification_scores, summarise
from mt_transunet.metrics.summary import calibration_sentence

SEGMENTATION = ("JA", "DI", "AC", "SE", "SP")


def row(name, *, scores=(0.8, 0.9, 0.95, 0.85, 0.98), label=0, probabilities=(0.6, 0.3, 0.1)):
    """One image; ``scores`` None when it has no mask."""
    entry = {"image_id": name, **dict(zip(("nevus", "melanoma", "seborrheic_keratosis"), probabilities))}
    if scores is not None:
        entry |= dict(zip(SEGMENTATION, scores))
    return entry if label is None else entry | {"label": label}


def without_interval(value):
    return {"value": value, "low": None, "high": None}


def three_classes(count=30):
    generator = np.random.default_rng(0)
    return [row(f"i{i:02}", label=i % 3, probabilities=generator.dirichlet([1, 1, 1])) for i in range(count)]


def test_blocks_have_exactly_the_keys_of_the_design():
    summary = summarise(three_classes(), resamples=10)
    assert list(summary) == ["segmentation", "classification", "by_diagnosis", "calibration", "confidence"]
    assert list(summary["segmentation"]) == ["n", "JA", "DI", "AC", "SE", "SP"]
    classes = summary["classification"]
    assert list(classes) == ["n", "melanoma", "seborrheic_keratosis", "mean_AUC", "mean_ACC"]
    assert list(classes["melanoma"]) == ["ACC", "SE", "SP", "AUC", "AP"]
    assert list(classes["mean_AUC"]) == ["value", "low", "high"]
    assert type(classes["n"]) is int and classes["n"] == 30
    assert list(summary["by_diagnosis"]) == ["nevus", "melanoma", "seborrheic_keratosis"]
    assert list(summary["by_diagnosis"]["nevus"]) == ["n", "JA", "DI"]
    assert list(summary["calibration"]) == ["n", "ECE", "ECE_perfect_mean", "ECE_perfect_95", "log_loss"]


def test_segmentation_figures_are_means_over_images_that_skip_zero_by_zero():
    nan = float("nan")
    rows = [row("a", scores=(0.5, 0.6, 0.9, 0.7, 1.0)), row("b", scores=(nan, nan, 1.0, nan, 1.0))]
    block = summarise(rows, resamples=20)["segmentation"]
    assert block["n"] == 2
    assert block["JA"] == {"value": 0.5, "low": None, "high": None}
    assert block["AC"]["value"] == pytest.approx(0.95)


def test_figures_without_any_defined_image_are_null():
    nan = float("nan")
    block = summarise([row("a", scores=(nan, nan, 1.0, None, 1.0))], resamples=5)["segmentation"]
    assert block["JA"] is None and block["SE"] is None and block["AC"]["value"] == 1


def test_images_without_a_mask_are_evaluated_for_class_only():
    summary = summarise([row(f"{i}", scores=None, label=i % 3) for i in range(6)], resamples=5)
    assert summary["segmentation"] == {"n": 0, **dict.fromkeys(SEGMENTATION)}
    assert summary["classification"]["n"] == 6


@pytest.mark.parametrize("label", [None, -1])
def test_images_without_a_diagnosis_are_evaluated_for_masks_only(label):
    summary = summarise([row("a", label=label), row("b", label=label)], resamples=5)
    assert summary["segmentation"]["n"] == 2
    nothing = dict.fromkeys(("ACC", "SE", "SP", "AUC", "AP"))
    assert summary["classification"] == {
        "n": 0,
        "melanoma": nothing,
        "seborrheic_keratosis": nothing,
        "mean_AUC": None,
        "mean_ACC": None,
    }


def test_a_mean_that_contains_null_is_null():
    rows = [entry for entry in three_classes() if entry["label"] != 2]
    block = summarise(rows, resamples=20)["classification"]
    assert block["seborrheic_keratosis"]["AUC"] is None and block["mean_AUC"] is None
    assert block["melanoma"]["AUC"] is not None and block["mean_ACC"] is not None


def test_constant_class_output_makes_class_figures_null_and_says_so(caplog):
    with caplog.at_level(logging.WARNING):
        summary = summarise([row(f"{i}", label=i % 3) for i in range(9)], resamples=5)
    block = summary["classification"]
    assert block.pop("n") == 9
    assert set(block["melanoma"].values()) == {None} and block["mean_ACC"] is None
    assert summary["segmentation"]["JA"] is not None
    assert "same for all 9 images" in caplog.text


def test_values_are_those_of_the_whole_set_and_lie_in_their_intervals():
    rows = three_classes(90)
    block = summarise(rows, resamples=200)["classification"]
    probabilities = np.array(
        [[entry[name] for name in ("nevus", "melanoma", "seborrheic_keratosis")] for entry in rows]
    )
    expected = classification_scores(probabilities, np.array([entry["label"] for entry in rows]))
    assert block["melanoma"]["AUC"]["value"] == pytest.approx(expected["melanoma"]["AUC"])
    assert block["melanoma"]["AUC"]["low"] < block["melanoma"]["AUC"]["value"] < block["melanoma"]["AUC"]["high"]


def test_a_class_that_is_always_spared_has_the_exact_interval_of_its_number_of_images():
    # 108 images of no keratosis, none called one; 42 keratoses, all called so; a melanoma is called a nevus
    sure = {0: (0.9, 0.05, 0.05), 1: (0.05, 0.9, 0.05), 2: (0.05, 0.05, 0.9)}
    labels = [0] * 78 + [1] * 30 + [2] * 42
    rows = [row(f"i{n:03}", label=label, probabilities=sure[label]) for n, label in enumerate(labels)]
    rows[78] |= dict(zip(("nevus", "melanoma", "seborrheic_keratosis"), (0.6, 0.3, 0.1)))
    block = summarise(rows, resamples=50)["classification"]
    keratosis = block["seborrheic_keratosis"]
    # all of n: the lower bound p solves p**n = 0.025
    assert keratosis["SP"] == {"value": 1, "low": pytest.approx(0.025 ** (1 / 108)), "high": 1}
    assert keratosis["SE"] == {"value": 1, "low": pytest.approx(0.025 ** (1 / 42)), "high": 1}
    assert keratosis["ACC"] == {"value": 1, "low": pytest.approx(0.025 ** (1 / 150)), "high": 1}
    # 149 of 150: the upper bound p solves P(all right) = p**150 = 1 - 0.025
    assert block["melanoma"]["ACC"]["value"] == 149 / 150
    assert block["melanoma"]["ACC"]["high"] == pytest.approx(0.975 ** (1 / 150))


def test_exact_intervals_do_not_depend_on_the_bootstrap_and_the_others_do():
    few, many = (summarise(three_classes(), resamples=n)["classification"]["melanoma"] for n in (3, 60))
    assert all(few[name] == many[name] for name in ("ACC", "SE", "SP"))
    assert few["AUC"] != many["AUC"]


def test_a_figure_that_every_resample_gives_has_no_interval():
    rows = [row("a", label=0), row("b", label=1, probabilities=(0.1, 0.8, 0.1))] * 5
    block = summarise(rows, resamples=50)["classification"]["melanoma"]
    assert block["AUC"] == block["AP"] == without_interval(1.0)
    # none of 5 nevi is called a melanoma
    assert block["SP"]["low"] == pytest.approx(0.025 ** (1 / 5))


def test_masks_are_averaged_by_diagnosis_where_both_are_known():
    rows = [
        row("a", label=1, scores=(0.2, 0.4, 0.9, 0.9, 0.9)),
        row("b", label=1, scores=(0.6, 0.8, 0.9, 0.9, 0.9)),
        row("c", label=1, scores=None),
        row("d", label=None),
        row("e", label=0, scores=(0.7, 0.8, 0.9, 0.9, 0.9)),
    ]
    blocks = summarise(rows, resamples=20)["by_diagnosis"]
    assert blocks["melanoma"]["n"] == 2
    assert blocks["melanoma"]["JA"]["value"] == pytest.approx(0.4)
    assert blocks["melanoma"]["DI"]["value"] == pytest.approx(0.6)
    assert blocks["nevus"] == {"n": 1, "JA": without_interval(0.7), "DI": without_interval(0.8)}
    assert blocks["seborrheic_keratosis"] == {"n": 0, "JA": None, "DI": None}


def test_calibration_is_that_of_the_known_classes_with_what_chance_gives():
    rows = three_classes()
    block = summarise([*rows, row("z", label=None)], resamples=50)["calibration"]
    probabilities = [[entry[name] for name in ("nevus", "melanoma", "seborrheic_keratosis")] for entry in rows]
    expected = calibration_error(np.array(probabilities), np.array([entry["label"] for entry in rows]))
    assert block["n"] == 30 and block["ECE"] == pytest.approx(expected)
    assert 0 < block["ECE_perfect_mean"] < block["ECE_perfect_95"] < 1
    given = [entry[("nevus", "melanoma", "seborrheic_keratosis")[entry["label"]]] for entry in rows]
    assert block["log_loss"] == pytest.approx(-np.log(given).mean())


@pytest.mark.parametrize("label", [None, 1])
def test_calibration_without_classes_or_of_a_constant_output_is_null(label):
    block = summarise([row("a", label=label), row("b", label=label)], resamples=5)["calibration"]
    assert list(block.values()) == [2 if label else 0, None, None, None, None]


def test_calibration_in_words_tells_figure_and_chance():
    block = {"n": 150, "ECE": 0.041, "ECE_perfect_mean": 0.052, "ECE_perfect_95": 0.083}
    assert calibration_sentence(block) == (
        "expected calibration error 0.041; a perfectly calibrated model shows 0.052 on average, up to 0.083 in 95% "
        "of draws"
    )
    assert calibration_sentence({"n": 0, "ECE": None}) == "expected calibration error undefined"


def test_row_order_changes_nothing_and_the_seed_changes_intervals_only():
    rows = three_classes()
    first = summarise(rows, resamples=50)
    assert summarise(rows[::-1], resamples=50) == first
    other = summarise(rows, resamples=50, seed=1)["classification"]["mean_AUC"]
    assert other["value"] == first["classification"]["mean_AUC"]["value"]
    assert other["low"] != first["classification"]["mean_AUC"]["low"]


def test_summary_is_strict_json():
    text = json.dumps(summarise(three_classes(), resamples=10), allow_nan=False)
    assert "NaN" not in text


def test_an_interval_that_no_resample_defines_is_null_while_the_value_stands():
    # Half of the resamples of two images hold one image twice, which has no AUC.
    rows = [row("a", label=0), row("b", label=1, probabilities=(0.1, 0.8, 0.1))]
    for seed in range(20):
        figure = summarise(rows, resamples=1, seed=seed)["classification"]["melanoma"]["AUC"]
        if figure["low"] is None:
            break
    assert figure == {"value": 1.0, "low": None, "high": None}


def test_a_labelled_row_without_probabilities_is_refused_by_name():
    with pytest.raises(ValueError, match="none for melanoma in 'x'"):
        summarise([row("x") | {"melanoma": None}])


def test_no_rows_give_a_summary_of_nothing():
    summary = summarise([])
    assert summary["segmentation"]["n"] == summary["classification"]["n"] == 0


def test_every_summary_satisfies_the_accuracy_identity():
    rows = three_classes(31)  # 10 melanomas, 10 keratoses
    check_classification(summarise(rows, resamples=5)["classification"], {"melanoma": 10, "seborrheic_keratosis": 10})
