# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
from ignite.engine import Engine

from mt_transunet.engines import LossWeightRamp, consistency_ramp, learning_rate_factor, total_iterations


def test_the_ramp_starts_at_exp_minus_5_and_is_1_from_its_length_on():
    assert consistency_ramp(0, 20000) == pytest.approx(math.exp(-5))
    # half way: exp(-5 / 4)
    assert consistency_ramp(10000, 20000) == pytest.approx(math.exp(-1.25))
    assert consistency_ramp(20000, 20000) == consistency_ramp(39999, 20000) == 1.0


def test_no_length_is_no_ramp():
    assert consistency_ramp(0, 0) == 1.0


@pytest.mark.parametrize(
    "schedule, expected",
    [
        ("linear", [1.0, 0.75, 0.5, 0.0, 0.0]),
        ("cosine", [1.0, (1 + math.sqrt(0.5)) / 2, 0.5, 0.0, 0.0]),
        ("constant", [1.0] * 5),
    ],
)
def test_schedules_at_quarters(schedule, expected):
    factor = learning_rate_factor(schedule, total=100)
    assert [factor(iteration) for iteration in (0, 25, 50, 100, 500)] == pytest.approx(expected, abs=1e-12)


def test_warm_up_grows_linearly_to_one_and_the_floor_is_the_end():
    factor = learning_rate_factor("linear", total=13, warmup=3, floor=0.2)
    assert [factor(iteration) for iteration in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert factor(8) == pytest.approx(0.6) and factor(13) == pytest.approx(0.2)


def test_a_warm_up_longer_than_the_run_is_no_division_by_zero():
    assert learning_rate_factor("cosine", total=2, warmup=5)(5) == 1.0


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ValueError, match="must be one of linear, cosine, constant, got 'poly'"):
        learning_rate_factor("poly", total=1)


@pytest.mark.parametrize("limit, epochs, expected", [(None, 3, 30), (25, 3, 25), (99, 3, 30)])
def test_the_first_limit_ends_the_run(limit, epochs, expected):
    assert total_iterations(limit, epochs, 10) == expected


@pytest.mark.parametrize("limit, epochs", [(0, 3), (5, 0)])
def test_a_run_of_no_iterations_is_refused(limit, epochs):
    with pytest.raises(ValueError, match=f"must be at least 1, got {limit} and {epochs}"):
        total_iterations(limit, epochs, 10)


def test_a_loss_weight_follows_the_ramp_from_completed_iterations():
    weights, seen = {"dual_task": 0.3, "mask": 1.0}, []
    engine = Engine(lambda *_: seen.append(weights["dual_task"]))
    LossWeightRamp(weights, name="dual_task", length=2).attach(engine)
    engine.run(range(4), max_epochs=1)
    assert seen == pytest.approx([0.3 * math.exp(-5), 0.3 * math.exp(-1.25), 0.3, 0.3]) and weights["mask"] == 1.0
