# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from ignite.engine import Engine

from mt_transunet.engines import ResumableEarlyStop, SharedStatistics, shared_handler


def early_stop(patience=3, scores=(0.5, 0.4, 0.3)):
    stop, trainer = ResumableEarlyStop(patience, score_function=lambda _: next(values)), Engine(lambda *_: None)
    values = iter(scores)
    stop.set_trainer(trainer)
    return stop, trainer


def test_a_shared_handler_is_the_handler_itself():
    handler = object()
    assert shared_handler(handler) is handler


def test_patience_goes_on_from_the_checkpoint():
    stop, trainer = early_stop()
    for _ in range(3):
        stop(trainer)
    assert not trainer.should_terminate  # two without a better figure
    resumed, trainer = early_stop(scores=(0.2,))
    resumed.load_state_dict(stop.state_dict())
    assert not trainer.should_terminate
    resumed(trainer)
    assert trainer.should_terminate


@pytest.mark.parametrize("patience, ends", [(2, True), (5, False)])
def test_a_run_that_had_ended_ends_at_once_unless_it_gets_more_patience(patience, ends):
    stop, trainer = early_stop(patience=2)
    for _ in range(3):
        stop(trainer)
    assert trainer.should_terminate
    resumed, trainer = early_stop(patience=patience)
    resumed.load_state_dict(stop.state_dict())
    assert bool(trainer.should_terminate) is ends


NAN = float("nan")


@pytest.mark.parametrize(
    "scores, ends",
    [
        ((0.5, NAN, NAN, NAN), True),
        ((0.5, NAN, 0.4, 0.3), True),
        ((0.5, NAN, 0.6, NAN), False),
        ((NAN, NAN, NAN, NAN, NAN), False),  # there is nothing to be better than
        ((NAN, NAN, 0.5, 0.4, 0.3), False),
    ],
)
def test_an_undefined_score_is_no_improvement_and_none_counts_before_the_first_defined_one(scores, ends):
    stop, trainer = early_stop(scores=scores)
    for _ in scores:
        stop(trainer)
    assert bool(trainer.should_terminate) is ends


def test_a_checkpoint_whose_best_score_is_undefined_begins_to_count_with_the_first_defined_one():
    stop, trainer = early_stop(patience=1, scores=(NAN, 0.5, 0.4))
    stop.load_state_dict({**stop.state_dict(), "best_score": NAN})
    ended = []
    for _ in range(3):
        stop(trainer)
        ended.append(bool(trainer.should_terminate))
    assert ended == [False, False, True]


def test_without_a_trainer_there_is_no_state():
    stop = ResumableEarlyStop(3, score_function=lambda _: 0.0)
    assert stop.state_dict() == {}
    stop.load_state_dict({"counter": 9})
    early_stop()[0].load_state_dict({})


def validate_in_turn(rank: int, meeting: str, found: str) -> None:
    """What one of two processes has for running means before and after a validation starts."""
    torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    engine = Engine(lambda *_: None)
    engine.network = torch.nn.BatchNorm2d(1)
    engine.network.running_mean.fill_(rank + 1)
    SharedStatistics().attach(engine)
    engine.run([0])
    Path(f"{found}{rank}").write_text(str(engine.network.running_mean.item()))
    torch.distributed.destroy_process_group()


def test_every_process_validates_the_running_statistics_of_the_first(tmp_path):
    torch.multiprocessing.spawn(validate_in_turn, (str(tmp_path / "meeting"), str(tmp_path / "found")), nprocs=2)
    assert [(tmp_path / f"found{rank}").read_text() for rank in range(2)] == ["1.0", "1.0"]
