# SPDX-License-Identifier: Apache-2.0
"""The figure that the simulated annotation (``benchmarks/active_learning.py``) reports."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def report(benchmark_module):
    return benchmark_module("active_learning_report")


def test_between_two_rounds_the_labels_needed_are_interpolated(report):
    # a third of the way from 0.5 to 0.8, and so from 16 to 40 labels
    assert report.labels_needed({16: 0.5, 40: 0.8}, 0.6) == pytest.approx(24)


def test_the_first_crossing_counts_even_if_a_later_round_falls_back(report):
    assert report.labels_needed({10: 0.4, 20: 0.6, 30: 0.4, 40: 0.6}, 0.5) == pytest.approx(15)


def test_a_first_round_that_is_good_enough_needs_its_own_labels(report):
    assert report.labels_needed({16: 0.7, 32: 0.8}, 0.6) == 16


def test_a_curve_that_stays_below_needs_more_labels_than_were_bought(report):
    assert report.labels_needed({16: 0.5, 32: 0.55}, 0.6) is None


def test_the_jaccard_wanted_is_a_share_of_the_mean_over_the_reference_runs(report):
    rounds = {"all": {1: {100: 0.7}, 2: {100: 0.9}}, "random": {1: {4: 0.5, 8: 0.9}, 2: {4: 0.6, 8: 0.8}}}
    result = report.summarise(rounds, [4, 8])
    assert result["wanted_JA"][0.95] == pytest.approx(0.95 * 0.8)
    needed = result["strategies"]["random"]["labels_needed"][0.95]
    assert needed == pytest.approx({"1": 6.6, "2": 7.2, "mean": 4 + 4 * 0.21 / 0.3})


def test_a_seed_that_is_not_done_is_left_out(report):
    rounds = {"random": {1: {4: 0.5, 8: 0.9}, 2: {4: 0.1}}}
    assert list(report.summarise(rounds, [4, 8])["strategies"]["random"]["JA"]) == ["1", "mean"]
