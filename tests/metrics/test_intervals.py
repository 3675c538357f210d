# SPDX-License-Identifier: Apache-2.0
"""The bootstrap against distributions known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from mt_transunet.metrics import bootstrap_interval


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
    low, high = bootstrap_interval(lambda i: np.array([i.mean()]), 2, resamples=500, level=0.3)
    assert (low[0], high[0]) == (0.5, 0.5)


def test_undefined_resamples_are_skipped_for_their_figure_only():
    def statistic(indices):
        # defined only where image 0 was drawn
        return np.array([7.0 if 0 in indices else np.nan, 3.0])

    low, high = bootstrap_interval(statistic, 2, resamples=50)
    assert low.tolist() == high.tolist() == [7.0, 3.0]


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
