# SPDX-License-Identifier: Apache-2.0
"""Intervals against distributions known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mt_transunet.metrics import bootstrap_interval, proportion_interval


def test_interval_of_a_mean_is_two_standard_errors_wide_on_each_side():
    values = np.random.default_rng(1).normal(0.8, 0.15, 400)
    low, high = bootstrap_interval(lambda i: values[i].mean(keepdims=True), 400, resamples=2000)
    error = values.std() / 20
    # A percentile of 2,000 draws has a standard error of about 0.06 of the mean's own.
    assert low[0] == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert high[0] == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)


def test_interval_of_a_coin_of_two_images_spans_its_three_outcomes():
    low, high = bootstrap_interval(lambda i: np.array([i.mean()]), 2, resamples=500)
    # means 0, 0.5, 1 with chances 1/4, 1/2, 1/4
    assert (low[0], high[0]) == (0, 1)
    low, high = bootstrap_interval(lambda i: np.array([i.mean()]), 2, resamples=500, level=0.6)
    assert (low[0], high[0]) == (0, 1)  # a fifth is cut off on each side, a quarter lies there


def test_equal_bounds_are_none():
    low, high = bootstrap_interval(lambda i: np.array([i.mean(), 3.0]), 2, resamples=500, level=0.3)
    assert np.isnan(low).all() and np.isnan(high).all()  # the middle third of the coin is 0.5 alone


def test_undefined_resamples_are_skipped_for_their_figure_only():
    def statistic(indices):
        # the first is defined only where image 0 was drawn: 0 of (0, 0), 0.5 of (0, 1) and (1, 0)
        return np.array([indices.mean() if 0 in indices else np.nan, indices.mean()])

    low, high = bootstrap_interval(statistic, 2, resamples=500)
    assert (low.tolist(), high.tolist()) == ([0.0, 0.0], [0.5, 1.0])


def test_a_figure_that_no_resample_defines_has_no_bounds(recwarn):
    low, high = bootstrap_interval(lambda i: np.array([np.nan]), 3, resamples=10)
    assert np.isnan(low).all() and np.isnan(high).all()
    assert not recwarn.list


def test_equal_seeds_give_equal_intervals_and_others_differ():
    values = np.random.default_rng(2).random(30)

    def interval(seed):
        return bootstrap_interval(lambda i: values[i].mean(keepdims=True), 30, resamples=50, seed=seed)

    assert interval(4) == interval(4)
    assert interval(4) != interval(5)


@pytest.mark.parametrize("settings", [{"count": 0}, {"resamples": 0}, {"level": 1.0}, {"level": 0}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ValueError, match="got 0|got 10 and 0|between 0 and 1"):
        bootstrap_interval(lambda i: np.zeros(1), **{"count": 10, **settings})


@pytest.mark.parametrize("count", [1, 10, 108, 1000])
def test_the_interval_of_none_and_of_all_has_a_width_in_closed_form(count):
    bound = 0.025 ** (1 / count)  # all of n is drawn with a chance of p**n
    assert proportion_interval(count, count) == (pytest.approx(bound, rel=1e-9), 1.0)
    assert proportion_interval(0, count) == (0.0, pytest.approx(1 - bound, rel=1e-9))


def test_a_one_sided_level_gives_the_rule_of_three():
    # 90% between both bounds: 95% below the upper one, which for none of n is about 3/n
    assert proportion_interval(0, 300, level=0.9)[1] == pytest.approx(3 / 300, rel=0.01)


def test_the_interval_is_that_of_the_table_of_clopper_and_pearson():
    # Clopper and Pearson 1934, 95%: 5 of 10
    assert proportion_interval(5, 10) == (pytest.approx(0.187, abs=5e-4), pytest.approx(0.813, abs=5e-4))


@pytest.mark.parametrize("part, whole", [(1, 10), (7, 20), (39, 42)])
def test_at_either_bound_the_count_found_is_a_tail_of_one_fortieth(part, whole):
    low, high = proportion_interval(part, whole)

    def chance(p, counts):
        return sum(math.comb(whole, k) * p**k * (1 - p) ** (whole - k) for k in counts)

    assert chance(low, range(part, whole + 1)) == pytest.approx(0.025, rel=1e-6)
    assert chance(high, range(part + 1)) == pytest.approx(0.025, rel=1e-6)


@pytest.mark.parametrize("part, whole", [(3, 2), (-1, 2), (0, 0)])
def test_an_impossible_count_is_refused(part, whole):
    with pytest.raises(ValueError, match=f"0 <= part <= whole and an image, got {part} of {whole}"):
        proportion_interval(part, whole)


def test_an_impossible_level_of_a_proportion_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1, got 1"):
        proportion_interval(1, 2, level=1)


def test_groups_are_drawn_with_all_their_images():
    values = np.repeat([0.0, 1.0], 50)
    groups = [f"patient {value}" for value in values]
    low, high = bootstrap_interval(lambda i: values[i].mean(keepdims=True), 100, groups=groups, resamples=500)
    assert (low[0], high[0]) == (0, 1)  # the coin of two; of 100 images on their own about 0.4 to 0.6


def test_groups_of_different_sizes_weigh_as_many_images_as_they_have():
    # a of one image, b of three: drawn twice each 0 of 2, 0 of 6; once each 1 of 4
    seen = set()

    def statistic(indices):
        seen.add((len(indices), int((indices == 0).sum())))
        return np.zeros(1)

    bootstrap_interval(statistic, 4, groups=["a", "b", "b", "b"], resamples=50)
    assert seen == {(2, 2), (4, 1), (6, 0)}


def test_a_group_is_needed_for_each_image():
    with pytest.raises(ValueError, match="3 images need as many groups, got 2"):
        bootstrap_interval(lambda i: np.zeros(1), 3, groups=["a", "b"])
