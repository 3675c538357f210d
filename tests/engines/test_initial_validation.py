# SPDX-License-Identifier: Apache-2.0
"""Weights that a run starts from are a candidate like those that it makes."""

from __future__ import annotations

import csv
import logging
from types import SimpleNamespace

import pytest
import torch
from ignite.engine import Engine

from mt_transunet.engines import InitialValidation


@pytest.fixture
def scored():
    """A score of the epoch, and the epochs that asked for it."""
    asked = []

    def score(epoch):
        asked.append(epoch)
        return {0: 0.7, 1: 0.6, 2: 0.5, 3: 0.4}[epoch]

    score.asked = asked
    return score


def rows(folder):
    return list(csv.DictReader((folder / "history.csv").open()))


def test_weights_that_training_made_worse_are_kept_as_they_were(tmp_path, run_in, scored):
    run = run_in(tmp_path, score=scored, judge_start=True)
    start = {key: tensor.clone() for key, tensor in run.evaluator.network.state_dict().items()}
    run.trainer.run()
    kept = torch.load(tmp_path / "model.pt", weights_only=True)
    assert scored.asked == [0, 1, 2, 3]
    assert all(torch.equal(kept[key], start[key]) for key in start)


def test_weights_that_training_made_better_replace_those_given(tmp_path, run_in):
    run = run_in(tmp_path, score=float, judge_start=True)
    run.trainer.run()
    kept = torch.load(tmp_path / "model.pt", weights_only=True)
    assert all(torch.equal(kept[key], tensor) for key, tensor in run.evaluator.network.state_dict().items())


def test_history_begins_with_the_figures_of_the_start(tmp_path, run_in, scored):
    run_in(tmp_path, score=scored, judge_start=True).trainer.run()
    assert [(row["iteration"], row["epoch"], row["val"]) for row in rows(tmp_path)] == [
        ("0", "0", "0.7"),
        ("5", "1", "0.6"),
        ("10", "2", "0.5"),
        ("13", "3", "0.4"),
    ]
    assert rows(tmp_path)[0]["mse"] == ""


def test_a_resumed_run_does_not_look_at_its_start_again(tmp_path, run_in, scored):
    with pytest.raises(run_in.killed):
        run_in(tmp_path, score=scored, judge_start=True, kill_at=3).trainer.run()
    resumed = run_in(tmp_path, score=scored, judge_start=True)
    resumed.trainer.run()
    assert scored.asked == [0, 1, 2, 3]
    assert (resumed.evaluator.state.best_metric, resumed.evaluator.state.best_metric_epoch) == (0.7, 0)
    assert [row["val"] for row in rows(tmp_path)] == ["0.7", "0.6", "0.5", "0.4"]


def test_a_run_that_starts_from_nothing_trained_validates_after_its_first_epoch(tmp_path, run_in, scored):
    run_in(tmp_path, score=scored).trainer.run()
    assert scored.asked == [1, 2, 3]


def test_a_start_without_validation_images_is_passed_over():
    validator = SimpleNamespace(data_loader=[], run=lambda epoch: pytest.fail("there is nothing to validate on"))
    engine = Engine(lambda engine, batch: None)
    InitialValidation(validator).attach(engine)
    engine.run([0], max_epochs=1)


def test_the_last_line_says_that_training_has_not_helped(tmp_path, run_in, scored, caplog):
    with caplog.at_level(logging.INFO):
        run_in(tmp_path, score=scored, judge_start=True).trainer.run()
    assert "best selection score 0.7000 of the weights it started from" in caplog.text


def test_the_last_line_does_not_promise_the_best_weights_where_the_last_are_kept(tmp_path, run_in, scored, caplog):
    with caplog.at_level(logging.INFO):
        run_in(tmp_path, score=scored, identity={"keep": "last"}).trainer.run()
    assert "best selection score 0.6000 in epoch 1, but model.pt holds the last weights; see" in caplog.text
