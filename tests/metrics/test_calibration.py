# SPDX-License-Identifier: Apache-2.0
"""Calibration, temperature and threshold against hand counts and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import binom

from mt_transunet.metrics import (
    calibration_error,
    fit_temperature,
    log_loss,
    operating_point,
    perfect_calibration_error,
    with_temperature,
)


def confident(*confidences: float) -> np.ndarray:
    """(n,3) probabilities whose largest, melanoma's, are the given ones."""
    top = np.array(confidences)
    return np.stack([(1 - top) / 2, top, (1 - top) / 2], axis=1)


def drawn(probabilities: np.ndarray, seed: int = 0) -> np.ndarray:
    """(n,) labels drawn with these (n,3) chances."""
    points = np.random.default_rng(seed).random((len(probabilities), 1))
    return (points > probabilities.cumsum(axis=1)[:, :2]).sum(axis=1)


FOUR = confident(0.95, 0.92, 0.65, 0.55)
RIGHT_WRONG_RIGHT_WRONG = np.array([1, 0, 1, 2])


def test_error_of_four_images_is_as_counted_by_hand():
    # (0.9, 1]: accuracy 1/2, confidence 0.935; (0.6, 0.7]: 1 and 0.65; (0.5, 0.6]: 0 and 0.55.
    expected = 2 / 4 * 0.435 + 1 / 4 * 0.35 + 1 / 4 * 0.55
    assert calibration_error(FOUR, RIGHT_WRONG_RIGHT_WRONG) == pytest.approx(expected)


def test_a_single_bin_compares_overall_accuracy_and_mean_confidence():
    assert calibration_error(FOUR, RIGHT_WRONG_RIGHT_WRONG, bins=1) == pytest.approx(0.7675 - 0.5)


def test_a_confidence_on_an_edge_falls_into_the_bin_below_it():
    # Together |(1 - 0.45) + (0 - 0.5)| / 2; in bins of their own it would be (0.55 + 0.5) / 2. 0.5 is an edge exactly.
    assert calibration_error(confident(0.45, 0.5), np.array([1, 0])) == pytest.approx(0.025)


def test_a_certain_and_right_model_has_no_error():
    assert calibration_error(np.eye(3), np.arange(3)) == 0


def test_images_of_unknown_class_do_not_count():
    probabilities = np.vstack([FOUR, np.full((1, 3), np.nan)])
    labels = np.append(RIGHT_WRONG_RIGHT_WRONG, -1)
    assert calibration_error(probabilities, labels) == calibration_error(FOUR, RIGHT_WRONG_RIGHT_WRONG)


def test_error_without_a_known_class_is_undefined():
    assert math.isnan(calibration_error(FOUR, np.full(4, -1)))


@pytest.mark.parametrize(
    ("probabilities", "labels", "bins", "message"),
    [
        (FOUR[:, :2], np.zeros(4), 10, "must be"),
        (FOUR, np.full(4, 3), 10, "labels must be -1, 0, 1 or 2"),
        (FOUR * np.nan, np.zeros(4), 10, "must be finite"),
        (FOUR, np.zeros(4), 0, "bins must be at least 1, got 0"),
    ],
)
def test_error_of_bad_input_is_refused(probabilities, labels, bins, message):
    with pytest.raises(ValueError, match=message):
        calibration_error(probabilities, labels, bins=bins)


def test_a_certain_model_has_no_error_by_chance():
    assert perfect_calibration_error(np.eye(3), resamples=20) == (0, 0)


def test_one_image_of_confidence_one_half_always_shows_one_half():
    assert perfect_calibration_error(confident(0.5), resamples=20) == (0.5, 0.5)


def test_chance_error_of_equal_confidences_is_that_of_a_binomial():
    # 100 images of confidence 0.65 share a bin: the error is |k/100 - 0.65| with k binomial.
    hits = np.arange(101)
    chances, errors = binom.pmf(hits, 100, 0.65), np.abs(hits / 100 - 0.65)
    order = np.argsort(errors)
    limit = errors[order][np.searchsorted(chances[order].cumsum(), 0.95)]
    mean, quantile = perfect_calibration_error(confident(*[0.65] * 100))
    # The standard error of the mean is 0.03 / sqrt(2000); the quantile moves in steps of 0.01.
    assert mean == pytest.approx(chances @ errors, abs=0.003)
    assert quantile == pytest.approx(limit, abs=0.0101)


def test_a_calibrated_model_stays_below_the_quantile_in_19_of_20_sets():
    probabilities = np.random.default_rng(1).dirichlet([1, 1, 1], 80)
    _, limit = perfect_calibration_error(probabilities)
    below = [calibration_error(probabilities, drawn(probabilities, seed)) <= limit for seed in range(300)]
    assert np.mean(below) == pytest.approx(0.95, abs=0.04)  # three standard errors


def test_equal_seeds_give_equal_chance_errors_and_others_differ():
    assert perfect_calibration_error(FOUR, resamples=50) == perfect_calibration_error(FOUR, resamples=50)
    assert perfect_calibration_error(FOUR, resamples=50) != perfect_calibration_error(FOUR, resamples=50, seed=1)


def test_chance_error_of_nothing_is_undefined():
    assert np.isnan(perfect_calibration_error(np.empty((0, 3)))).all()


@pytest.mark.parametrize("settings", [{"resamples": 0}, {"level": 1.0}, {"level": 0.0}])
def test_chance_error_refuses_impossible_settings(settings):
    with pytest.raises(ValueError, match="resamples and a level between 0 and 1"):
        perfect_calibration_error(FOUR, **settings)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_spoilt_a_calibrated_model_is_found(temperature):
    logits = np.random.default_rng(2).normal(0, 2, (20000, 3))
    labels = drawn(softmax(logits, axis=1))
    assert fit_temperature(softmax(logits * temperature, axis=1), labels) == pytest.approx(temperature, rel=0.05)


def test_images_of_unknown_class_do_not_move_the_temperature():
    labels = np.append(RIGHT_WRONG_RIGHT_WRONG, -1)
    more = np.vstack([FOUR, confident(0.99)])
    assert fit_temperature(more, labels) == fit_temperature(FOUR, RIGHT_WRONG_RIGHT_WRONG)


def test_a_perfect_classifier_gets_the_lowest_temperature():
    assert fit_temperature(confident(0.6, 0.8), np.array([1, 1])) == pytest.approx(0.05, rel=1e-3)


def test_a_certain_mistake_leaves_the_temperature_finite():
    assert 1 < fit_temperature(np.eye(3), np.array([0, 1, 1])) < 20.001


@pytest.mark.parametrize("count", [0, 3])
def test_a_temperature_without_labels_is_refused(count):
    with pytest.raises(ValueError, match="images of known class, got none"):
        fit_temperature(np.full((count, 3), 1 / 3), np.full(count, -1))


def test_temperature_two_takes_square_roots_of_odds():
    assert with_temperature(np.array([[16, 4, 1]]) / 21, 2) == pytest.approx(np.array([[4, 2, 1]]) / 7)


def test_temperature_one_changes_nothing():
    assert with_temperature(FOUR, 1) == pytest.approx(FOUR)


def test_a_probability_of_zero_stays_finite_at_any_temperature():
    for temperature in (0.05, 1, 20):
        probabilities = with_temperature(np.float32([1, 0, 0]), temperature)
        assert np.isfinite(probabilities).all() and probabilities.sum() == pytest.approx(1)
        assert probabilities[0] > 0.9


@pytest.mark.parametrize("temperature", [0, -1, math.nan, math.inf])
def test_impossible_temperatures_are_refused(temperature):
    with pytest.raises(ValueError, match="temperature must be positive and finite"):
        with_temperature(FOUR, temperature)


SCORES = np.array([0.9, 0.8, 0.7, 0.4, 0.2, 0.85, 0.5, 0.3, 0.1, 0.05])
POSITIVE = np.arange(10) < 5


@pytest.mark.parametrize(
    ("asked", "threshold", "found", "specificity"),
    [
        (0.8, 0.4, 4 / 5, 3 / 5),  # four of five at or above 0.4; of the others 0.3, 0.1, 0.05 below
        (0.81, 0.2, 1, 2 / 5),
        (0.2, 0.9, 1 / 5, 1),
    ],
)
def test_operating_point_of_ten_scores_is_as_counted_by_hand(asked, threshold, found, specificity):
    expected = {"threshold": threshold, "sensitivity": found, "specificity": specificity}
    assert operating_point(SCORES, POSITIVE, sensitivity=asked) == pytest.approx(expected)


def test_positives_that_tie_are_found_together():
    point = operating_point(np.array([0.6, 0.6, 0.1, 0.3]), np.array([1, 1, 1, 0]), sensitivity=0.3)
    assert point == pytest.approx({"threshold": 0.6, "sensitivity": 2 / 3, "specificity": 1})


def test_seven_tenths_of_ten_are_seven():
    # 0.7 * 10 is 7.000000000000001
    point = operating_point(np.arange(11), np.arange(11) > 0, sensitivity=0.7)
    assert point["threshold"] == 4 and point["sensitivity"] == 0.7


@pytest.mark.parametrize(
    ("scores", "positive", "asked", "message"),
    [
        (SCORES, np.ones(10), 0.9, "got 10 positives among 10"),
        (SCORES, np.zeros(10), 0.9, "got 0 positives among 10"),
        (SCORES, POSITIVE[:9], 0.9, "scores must be finite"),
        (SCORES * np.nan, POSITIVE, 0.9, "scores must be finite"),
        (SCORES, POSITIVE, 0, "sensitivity must lie in"),
        (SCORES, POSITIVE, 1.1, "sensitivity must lie in"),
    ],
)
def test_operating_point_of_bad_input_is_refused(scores, positive, asked, message):
    with pytest.raises(ValueError, match=message):
        operating_point(scores, positive, sensitivity=asked)


def test_the_log_loss_is_the_mean_surprise_of_the_true_classes():
    probabilities = np.array([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]])
    assert log_loss(probabilities, np.array([0, 2])) == pytest.approx((math.log(2) + math.log(8)) / 2)
    assert log_loss(np.full((4, 3), 1 / 3), np.array([0, 1, 2, 2])) == pytest.approx(math.log(3))


def test_images_of_unknown_class_have_no_log_loss():
    probabilities = np.array([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]])
    assert log_loss(probabilities, np.array([0, -1])) == pytest.approx(math.log(2))
    assert math.isnan(log_loss(probabilities, np.array([-1, -1])))


def test_a_certainty_that_was_wrong_has_a_finite_log_loss():
    assert 80 < log_loss(np.array([[1.0, 0.0, 0.0]]), np.array([1])) < 90  # of the smallest normal float32
