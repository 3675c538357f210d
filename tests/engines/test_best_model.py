# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging

import pytest
import torch
from ignite.engine import Events

from mt_transunet.engines import BestModel, beats

NAN = float("nan")


def kept(folder):
    return torch.load(folder / "model.pt", weights_only=True)


def same(one, other):
    return all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize(
    "scores, best",
    [
        ([0.5, 0.9, 0.2], 2),
        ([NAN, 0.5, 0.2], 2),
        ([NAN, NAN, 0.1], 3),
        ([0.5, NAN, NAN], 1),
        ([0.5, NAN, 0.6], 3),
        ([NAN, NAN, NAN], 3),  # nothing can be chosen: the last
    ],
)
def test_the_weights_of_the_best_epoch_are_kept(tmp_path, run_in, scores, best):
    run, weights = run_in(tmp_path, score=[0.0, *scores].__getitem__), [None]
    run.evaluator.add_event_handler(
        Events.EPOCH_COMPLETED, lambda: weights.append(run.evaluator.network[0].weight.clone())
    )
    run.trainer.run()
    assert torch.equal(kept(tmp_path)["0.weight"], weights[best])


def test_a_run_without_a_defined_score_warns_once_and_says_so_at_its_end(tmp_path, run_in, caplog):
    with caplog.at_level(logging.INFO):
        run_in(tmp_path, score=lambda _: NAN).trainer.run()
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1 and "model.pt keeps the last weights instead of the best" in warnings[0]
    assert "13 of 13 iterations done; no selection score was defined; see" in caplog.text


def test_a_run_whose_scores_were_undefined_goes_on_to_keep_the_best(tmp_path, run_in):
    run_in(tmp_path, max_iterations=5, score=lambda _: NAN).trainer.run()
    longer = run_in(tmp_path, max_iterations=10, score=lambda _: 0.1)
    longer.trainer.run()
    assert longer.evaluator.state.best_metric_epoch == 2
    assert same(kept(tmp_path), longer.evaluator.network.state_dict())


@pytest.mark.parametrize(
    "score, best, expected",
    [(0.5, 0.4, True), (0.4, 0.5, False), (0.5, 0.5, False), (0.0, NAN, True), (NAN, 0.0, False), (NAN, NAN, False)],
)
def test_a_defined_score_beats_a_lower_one_and_an_undefined_one(score, best, expected):
    assert beats(score, best) is expected


def test_the_last_weights_are_kept_where_nothing_shall_be_chosen(tmp_path, run_in):
    scores = [0.0, 0.5, 0.9, 0.2]
    run = run_in(tmp_path, score=scores.__getitem__, keep="last")
    run.trainer.run()
    assert same(kept(tmp_path), run.evaluator.network.state_dict())


def test_another_word_for_what_to_keep_is_refused(tmp_path):
    with pytest.raises(ValueError, match="keep must be 'best' or 'last', got 'first'"):
        BestModel(tmp_path / "model.pt", network=torch.nn.Linear(1, 1), keep="first")


def test_validating_the_cut_epoch_again_does_not_replace_a_better_model(tmp_path, run_in):
    run_in(tmp_path, max_iterations=8, score=[0, 0.5, 0.9].__getitem__).trainer.run()
    best = kept(tmp_path)
    run_in(tmp_path, max_iterations=10, score=[0, 0.5, 0.3].__getitem__).trainer.run()
    assert same(kept(tmp_path), best)


def test_a_run_that_never_validated_leaves_its_last_weights(tmp_path, run_in):
    run = run_in(tmp_path, max_iterations=5, validate=False)
    run.trainer.run()
    assert same(kept(tmp_path), run.evaluator.network.state_dict())
