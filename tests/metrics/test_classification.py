# SPDX-License-Identifier: Apache-2.0
"""One-vs-rest scores against hand counts, MONAI and scikit-learn."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import torch
from monai.metrics import compute_average_precision, compute_roc_auc

from mt_transunet.metrics.classification import (
    area_under_roc,
    average_precision,
    classification_proportions,
    classification_scores,
    is_constant,
)

NAN = float("nan")


def toy(seed: int = 0, count: int = 60, decimals: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities rounded so far that many tie, and labels of all three classes."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    probabilities = generator.dirichlet([1, 1, 1], count) + 0.3 * np.eye(3)[labels]
    return (probabilities / probabilities.sum(axis=1, keepdims=True)).round(decimals), labels


def test_four_images_score_as_counted_by_hand():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.2, 0.5, 0.3], [0.5, 0.3, 0.2]])
    scores = classification_scores(probabilities, np.array([0, 1, 2, 1]))
    # Melanoma: cases 0.6 and 0.3, others 0.2 and 0.5; called melanoma: images 1 and 2.
    # AUC: 3 of 4 pairs in order. AP: 1/2 * 1/1 + 1/2 * 2/3.
    melanoma = {"ACC": 2 / 4, "SE": 1 / 2, "SP": 1 / 2, "AUC": 3 / 4, "AP": 5 / 6}
    assert scores["melanoma"] == pytest.approx(melanoma)
    # Keratosis: case 0.3, others 0.1, 0.3, 0.2; never called. AUC: (1 + 0.5 + 1)/3. AP: 1 * 1/2.
    keratosis = {"ACC": 3 / 4, "SE": 0, "SP": 1, "AUC": 2.5 / 3, "AP": 1 / 2}
    assert scores["seborrheic_keratosis"] == pytest.approx(keratosis)
    assert scores["mean_AUC"] == pytest.approx((3 / 4 + 2.5 / 3) / 2)
    assert scores["mean_ACC"] == pytest.approx(5 / 8)


def test_the_same_four_images_are_counted_for_their_proportions():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.2, 0.5, 0.3], [0.5, 0.3, 0.2]])
    found = classification_proportions(probabilities, np.array([0, 1, 2, 1]))
    assert found["melanoma"] == {"ACC": (2, 4), "SE": (1, 2), "SP": (1, 2)}
    assert found["seborrheic_keratosis"] == {"ACC": (3, 4), "SE": (0, 1), "SP": (3, 3)}


@pytest.mark.parametrize("seed", range(3))
def test_auc_and_ap_equal_monais_with_ties(seed):
    probabilities, labels = toy(seed)
    scores, positive = probabilities[:, 1], labels == 1
    pair = torch.tensor(scores), torch.tensor(positive.astype(int))
    assert area_under_roc(scores, positive) == pytest.approx(compute_roc_auc(*pair), abs=1e-12)
    assert average_precision(scores, positive) == pytest.approx(compute_average_precision(*pair), abs=1e-12)


def test_auc_and_ap_equal_scikit_learns_with_ties():
    oracle = pytest.importorskip("sklearn.metrics")
    probabilities, labels = toy(7)
    scores, positive = probabilities[:, 2], labels == 2
    assert area_under_roc(scores, positive) == pytest.approx(oracle.roc_auc_score(positive, scores), abs=1e-12)
    expected = oracle.average_precision_score(positive, scores)
    assert average_precision(scores, positive) == pytest.approx(expected, abs=1e-12)


def test_a_constant_score_has_auc_one_half_and_ap_equal_to_the_prevalence():
    positive = np.array([True, False, False, True, False])
    assert area_under_roc(np.full(5, 0.4), positive) == 0.5
    assert average_precision(np.full(5, 0.4), positive) == 0.4


def test_argmax_and_not_a_threshold_of_one_half_decides():
    scores = classification_scores(np.array([[0.33, 0.34, 0.33], [0.6, 0.2, 0.2]]), np.array([1, 0]))
    assert scores["melanoma"]["SE"] == 1


def test_images_of_unknown_class_are_left_out():
    probabilities, labels = toy()
    more = np.vstack([probabilities, [[NAN, NAN, NAN]]])
    assert classification_scores(more, np.append(labels, -1)) == classification_scores(probabilities, labels)


def test_a_class_without_cases_has_an_accuracy_only():
    probabilities, labels = toy()
    labels = np.where(labels == 2, 0, labels)
    scores = classification_scores(probabilities, labels)
    keratosis = scores["seborrheic_keratosis"]
    assert {name for name, value in keratosis.items() if math.isnan(value)} == {"SE", "AUC", "AP"}
    assert math.isnan(scores["mean_AUC"]) and not math.isnan(scores["mean_ACC"])


def test_images_of_one_class_only_have_no_specificity():
    probabilities, labels = toy()
    melanoma = classification_scores(probabilities, np.ones_like(labels))["melanoma"]
    assert {name for name, value in melanoma.items() if math.isnan(value)} == {"SP", "AUC", "AP"}


def test_no_image_leaves_every_figure_undefined():
    scores = classification_scores(np.empty((0, 3)), np.empty(0, int))
    assert all(math.isnan(value) for value in (*scores["melanoma"].values(), scores["mean_ACC"]))


def test_constant_output_is_recognised_up_to_float_noise():
    row = np.array([[0.5, 0.3, 0.2]])
    assert is_constant(np.vstack([row, row + 1e-7]))
    assert not is_constant(np.vstack([row, row + [[0.001, -0.001, 0]]]))
    assert not is_constant(row)


@pytest.mark.parametrize(
    ("probabilities", "labels", "message"),
    [
        (np.ones((4, 2)), np.zeros(4), "must be"),
        (np.ones((4, 3)), np.zeros(3), "must be"),
        (np.ones((2, 3)), np.array([0, 3]), "labels must be -1, 0, 1 or 2"),
        (np.array([[0.2, NAN, 0.1]]), np.array([0]), "must be finite"),
    ],
)
def test_bad_input_is_refused(probabilities, labels, message):
    with pytest.raises(ValueError, match=message):
        classification_scores(probabilities, labels)


def test_two_thousand_resamples_of_six_hundred_images_take_seconds():
    probabilities, labels = toy(count=600)
    started = time.perf_counter()
    for _ in range(100):
        classification_scores(probabilities, labels)
    # 0.1 s on an idle core; the bound leaves room for a crowded machine.
    assert time.perf_counter() - started < 2
