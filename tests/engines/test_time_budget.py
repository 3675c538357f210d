# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import fcntl
import os

import pytest
import torch
from ignite.engine import Engine, Events

from mt_transunet.engines import TimeBudget


@pytest.fixture
def timed(run_in, tmp_path):
    """Train under a budget, an iteration a minute, 5 of them an epoch and 13 a run; no checkpoint by iterations."""

    def train(max_minutes, max_iterations=13, **options):
        run = run_in(tmp_path, max_iterations=max_iterations, save_interval=100, **options)
        run.events = []
        for event in (Events.EPOCH_COMPLETED, Events.COMPLETED):
            run.trainer.add_event_handler(event, lambda _, name: run.events.append(name), event.name)

        def clock():
            return 1000.0 + 60 * run.trainer.state.iteration

        TimeBudget(max_minutes, max_iterations=max_iterations, clock=clock).attach(run.trainer)
        run.trainer.run()
        return run

    return train


def iteration_of_checkpoint(folder):
    return torch.load(folder / "checkpoint.pt", weights_only=True)["iteration"]


@pytest.mark.parametrize(("minutes", "iteration"), [(0.001, 1), (1, 1), (1.5, 2), (4, 4), (5, 5), (7.2, 8), (11, 11)])
def test_a_run_stops_after_the_iteration_in_which_the_time_is_up(timed, minutes, iteration):
    assert timed(minutes).trainer.state.iteration == iteration


@pytest.mark.parametrize("iteration", [1, 4, 5, 8, 12])
def test_the_checkpoint_is_of_exactly_the_iteration_of_the_stop(timed, tmp_path, iteration):
    timed(iteration)
    assert iteration_of_checkpoint(tmp_path) == iteration


def test_a_run_that_was_stopped_leaves_its_folder_to_other_processes(timed, tmp_path):
    timed(3)
    opened = os.open(tmp_path, os.O_RDONLY)  # as another process would: a lock is of what was opened
    fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(opened)


def test_a_stop_within_an_epoch_neither_validates_nor_writes_history(timed, tmp_path):
    run = timed(3)
    assert run.evaluator.state.best_metric_epoch == -1 and not (tmp_path / "history.csv").exists()


def test_a_stop_is_no_end_of_training(timed, tmp_path):
    assert timed(3).events == []
    assert not (tmp_path / "model.pt").exists()  # the weights of a run that ends without validation


def test_each_command_has_the_whole_time(timed):
    assert [timed(3).trainer.state.iteration for _ in range(5)] == [3, 6, 9, 12, 13]


def test_an_epoch_whose_last_iteration_takes_up_the_time_finishes_and_the_run_stops_behind_it(timed, tmp_path):
    run = timed(5)
    assert run.events == ["EPOCH_COMPLETED"] and run.evaluator.state.epoch == 1
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 2


@pytest.mark.parametrize(("last", "epochs"), [(13, 3), (10, 2)])  # the last epoch is cut, or is not
def test_a_run_whose_last_iteration_takes_up_the_time_ends_as_always(timed, last, epochs, caplog):
    with caplog.at_level("INFO"):
        assert timed(last, max_iterations=last).events == ["EPOCH_COMPLETED"] * epochs + ["COMPLETED"]
    assert "stopped" not in caplog.text


def test_a_run_that_stops_early_as_the_time_is_up_ends_as_always(timed):
    falling = [9, 0.9, 0.8, 0.7].__getitem__
    run = timed(10, patience=1, score=falling)
    assert run.trainer.state.iteration == 10 and run.events[-1] == "COMPLETED"


def test_the_log_says_where_the_run_stopped_and_how_it_goes_on(timed, caplog):
    with caplog.at_level("INFO"):
        timed(2.5)
    line = "stopped after 3.0 minutes at iteration 3 of 13; give the same command again to go on"
    assert [record.getMessage() for record in caplog.records if "stopped" in record.getMessage()] == [line]


def test_the_checkpoint_is_written_before_the_log_says_so(timed, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "mt_transunet.engines.time_budget.logger.info", lambda _: seen.append(iteration_of_checkpoint(tmp_path))
    )
    timed(2)
    assert seen == [2]


def test_without_a_budget_the_run_is_left_alone(timed):
    assert timed(None).trainer.state.iteration == 13


@pytest.mark.parametrize("minutes", [0, -5])
def test_a_budget_of_no_time_is_refused(minutes):
    with pytest.raises(ValueError, match=f"max_minutes must be above 0, or null for no limit, got {minutes}"):
        TimeBudget(minutes, max_iterations=9)


def test_the_time_is_the_machine_s_unless_told_otherwise():
    engine = Engine(lambda *_: None)
    TimeBudget(1e-9, max_iterations=9).attach(engine)
    engine.run(range(4), max_epochs=3)
    assert engine.state.iteration == 1
