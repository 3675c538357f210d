# SPDX-License-Identifier: Apache-2.0
"""Two models on the same images."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mt_transunet import CLASS_NAMES
from mt_transunet.metrics import classification_scores, paired_difference

FIGURES = ("JA", "DI", "melanoma_AUC", "seborrheic_keratosis_AUC", "mean_AUC")
NAN = float("nan")


def row(name, jaccard=0.8, label=0, probabilities=(0.6, 0.3, 0.1)):
    """One image; ``jaccard`` None when it has no mask."""
    figures = {} if jaccard is None else {"JA": jaccard, "DI": jaccard, "AC": 0.9, "SE": 0.9, "SP": 0.9}
    return {"image_id": name, **figures, "label": label, **dict(zip(CLASS_NAMES, probabilities))}


def model(seed, count=60):
    """Rows of a model that guesses; images and labels are the same for every seed."""
    generator = np.random.default_rng(seed)
    return [
        row(f"i{i:02}", generator.random(), label=i % 3, probabilities=generator.dirichlet([1, 1, 1]))
        for i in range(count)
    ]


def scores(rows):
    probabilities = np.array([[entry[name] for name in CLASS_NAMES] for entry in rows])
    return classification_scores(probabilities, np.array([entry["label"] for entry in rows]))


def test_difference_is_that_of_the_means():
    a, b = model(0), model(1)
    figure = paired_difference(a, b, resamples=10)["JA"]
    means = [np.mean([entry["JA"] for entry in rows]) for rows in (a, b)]
    assert [figure["a"], figure["b"], figure["difference"]] == pytest.approx([*means, means[1] - means[0]])


def test_images_of_one_group_are_drawn_together():
    # b gains 0.1 in all ten images of one patient and nothing in those of the other
    a = [row(f"i{i:02}", 0.8) | {"group": str(i // 10)} for i in range(20)]
    b = [entry | {"JA": 0.9} if entry["group"] == "0" else entry for entry in a]
    figure = paired_difference(a, b)["JA"]
    assert [figure["low"], figure["high"]] == pytest.approx([0, 0.1])
    older = [{key: value for key, value in entry.items() if key != "group"} for entry in a]
    assert paired_difference(older, b)["JA"] == figure  # one of the two knows


def test_class_figures_are_the_areas_of_the_evaluation():
    a, b = model(0), model(1)
    found = paired_difference(a, b, resamples=10)
    for side, expected in (("a", scores(a)), ("b", scores(b))):
        assert found["melanoma_AUC"][side] == pytest.approx(expected["melanoma"]["AUC"])
        assert found["seborrheic_keratosis_AUC"][side] == pytest.approx(expected["seborrheic_keratosis"]["AUC"])
        assert found["mean_AUC"][side] == pytest.approx(expected["mean_AUC"])


def test_a_model_gains_nothing_over_itself_and_no_resample_tells_otherwise():
    found = paired_difference(model(0), model(0), resamples=50)
    told = {(found[name]["difference"], found[name]["low"], found[name]["high"]) for name in FIGURES}
    assert told == {(0, None, None)}


def test_a_gain_that_is_equal_on_every_image_has_no_interval():
    better = [entry | {"JA": entry["JA"] + 0.25} for entry in model(0)]
    figure = paired_difference(model(0), better, resamples=50)["JA"]
    assert figure["difference"] == pytest.approx(0.25) and figure["low"] is None and figure["high"] is None


def test_interval_is_two_standard_errors_of_the_differences_wide_on_each_side():
    a, b = model(0, 400), model(1, 400)
    gains = np.array([y["JA"] - x["JA"] for x, y in zip(a, b)])
    error = gains.std() / 20
    # One class only: no areas, no wait.
    figure = paired_difference(*([entry | {"label": -1} for entry in rows] for rows in (a, b)))["JA"]
    assert figure["low"] == pytest.approx(gains.mean() - 1.96 * error, abs=0.2 * error)
    assert figure["high"] == pytest.approx(gains.mean() + 1.96 * error, abs=0.2 * error)


def test_only_images_in_both_lists_count_and_the_others_are_told():
    a, b = model(0), model(1)
    found = paired_difference(a[2:], b[:-3], resamples=10)
    assert (found["n"], found["only_a"], found["only_b"]) == (55, 3, 2)
    assert found["JA"] == paired_difference(a[2:-3], b[2:-3], resamples=10)["JA"]


def test_order_of_the_rows_changes_nothing():
    assert paired_difference(model(0)[::-1], model(1), resamples=10) == paired_difference(
        model(0), model(1), resamples=10
    )


def test_a_figure_undefined_for_one_model_leaves_the_image_out_for_both():
    a = [row("x", 0.5), row("y", 0.1), row("z", 0.3)]
    b = [row("x", 0.75), row("y", NAN), row("z", None)]
    figure = paired_difference(a, b, resamples=10)["JA"]
    assert figure == {"a": 0.5, "b": 0.75, "difference": 0.25, "low": None, "high": None}


def test_an_image_whose_class_only_one_list_knows_is_left_out_of_class_figures():
    a, b = model(0), model(1)
    b[0]["label"], b[1]["label"] = -1, None
    found = paired_difference(a, b, resamples=10)
    assert found["n"] == 60 and found["mean_AUC"]["a"] == pytest.approx(scores(a[2:])["mean_AUC"])


def test_figures_without_masks_or_classes_are_null():
    bare = [row("x", None, label=-1), row("y", None, label=-1)]
    assert paired_difference(bare, bare) == {"n": 2, "only_a": 0, "only_b": 0, **dict.fromkeys(FIGURES)}


def test_a_class_without_cases_leaves_its_area_and_the_mean_null():
    rows = [entry for entry in model(0) if entry["label"] != 2]
    found = paired_difference(rows, rows, resamples=10)
    assert found["seborrheic_keratosis_AUC"] is None and found["mean_AUC"] is None
    assert found["melanoma_AUC"] is not None


def test_a_constant_class_output_leaves_class_figures_null():
    constant = [row(f"i{i:02}", label=i % 3) for i in range(60)]
    found = paired_difference(model(0), constant, resamples=10)
    assert [name for name in FIGURES if found[name] is None] == list(FIGURES[2:])


def test_the_comparison_is_strict_json():
    assert list(json.loads(json.dumps(paired_difference(model(0), model(1), resamples=5), allow_nan=False))) == [
        "n",
        "only_a",
        "only_b",
        *FIGURES,
    ]


def test_lists_without_a_common_image_are_refused_with_examples():
    with pytest.raises(ValueError, match=r"1 images \(x, ...\) against 2 images \(y, z, ...\)"):
        paired_difference([row("x")], [row("z"), row("y")])


def test_an_image_with_two_classes_is_refused_by_name():
    with pytest.raises(ValueError, match="the same class, 'y' has two"):
        paired_difference([row("x"), row("y")], [row("x"), row("y", label=2)])
