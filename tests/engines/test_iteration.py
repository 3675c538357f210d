# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from ignite.engine import Engine, Events
from monai.engines.utils import IterationEvents
from torch import nn

from mt_transunet.engines import (
    FinalValidation,
    GradientClipping,
    IterationBudget,
    IterationSeed,
    SamplerProgress,
    has_work,
)


def counting(max_iterations, epoch_length=4):
    """An engine with the budget that notes its events."""
    engine, notes = Engine(lambda *_: None), []
    for event in (Events.ITERATION_COMPLETED, Events.EPOCH_COMPLETED, Events.COMPLETED):
        engine.add_event_handler(event, lambda e, name: notes.append((name, e.state.iteration)), event.name)
    IterationBudget(max_iterations).attach(engine)
    return engine, notes


@pytest.mark.parametrize("budget, epochs", [(6, [4, 6]), (8, [4, 8]), (3, [3])])
def test_the_epoch_that_is_cut_completes_like_any_other(budget, epochs):
    engine, notes = counting(budget)
    engine.run(range(4), max_epochs=99)
    assert [i for name, i in notes if name == "EPOCH_COMPLETED"] == epochs
    assert [i for name, i in notes if name == "ITERATION_COMPLETED"] == list(range(1, budget + 1))
    assert notes[-1] == ("COMPLETED", budget)


def test_epochs_may_end_the_run_before_the_budget():
    engine, notes = counting(99)
    engine.run(range(4), max_epochs=2)
    assert notes[-1] == ("COMPLETED", 8)


def test_a_complete_run_that_is_resumed_does_nothing():
    engine, notes = counting(6)

    def resume(e):
        e.state.iteration, e.state.epoch = 6, 1

    handlers = engine._event_handlers[Events.STARTED]
    engine.add_event_handler(Events.STARTED, resume)
    handlers.insert(0, handlers.pop())  # a checkpoint is loaded before the budget looks
    engine.run(range(4), max_epochs=99)
    assert notes == [("COMPLETED", 6)]


@pytest.mark.parametrize("budget, heard", [(0, []), (1, [0])])
def test_a_handler_of_the_start_can_pass_over_a_run_that_has_ended(budget, heard):
    engine, notes = Engine(lambda *_: None), []
    IterationBudget(budget).attach(engine)
    engine.add_event_handler(Events.STARTED(has_work), lambda e: notes.append(e.state.iteration))
    engine.run(range(4), max_epochs=1)
    assert notes == heard


def drawn(seed, iterations, before=0, rank=0):
    torch.manual_seed(99)
    torch.rand(before)
    draws = {}
    engine = Engine(lambda e, _: draws.__setitem__(e.state.iteration, torch.rand(1).item()))
    IterationSeed(seed, rank=rank).attach(engine)
    engine.run(range(iterations), max_epochs=1)
    return draws


def test_draws_depend_on_seed_iteration_and_rank_alone():
    draws = drawn(0, 3)
    assert drawn(0, 3, before=5) == draws and drawn(0, 2) == {i: draws[i] for i in (1, 2)}
    assert len(set(draws.values()) | set(drawn(1, 3).values()) | set(drawn(0, 3, rank=1).values())) == 9


def test_the_generator_s_state_comes_back():
    seed = IterationSeed(0)
    state, expected = seed.state_dict(), torch.rand(3)
    torch.manual_seed(5)
    seed.load_state_dict(state)
    assert torch.equal(torch.rand(3), expected)


def test_the_generators_of_gpus_come_back_to_as_many_as_there_are(monkeypatch):
    states = [torch.tensor([number], dtype=torch.uint8) for number in (1, 2)]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: states)
    seed = IterationSeed(0)
    saved, restored = seed.state_dict(), {}
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, device: restored.update({device: state.item()}))
    seed.load_state_dict(saved)
    assert restored == {0: 1}
    seed.load_state_dict({"torch": torch.get_rng_state()})  # a checkpoint from a machine without a GPU
    assert restored == {0: 1}


class Sampler:
    def __init__(self):
        self.told = []

    def set_progress(self, epoch, batches_done=0):
        self.told.append((epoch, batches_done))


def test_the_sampler_hears_epoch_and_batches_done_when_an_epoch_starts():
    sampler, engine = Sampler(), Engine(lambda *_: None)
    SamplerProgress(sampler).attach(engine)
    engine.run(range(4), max_epochs=2)
    assert sampler.told == [(0, 0), (1, 0)]


def test_the_sampler_of_a_run_resumed_within_an_epoch_skips_what_is_done():
    sampler, engine = Sampler(), Engine(lambda *_: None)
    SamplerProgress(sampler).attach(engine)

    def resume(e):
        e.state.iteration, e.state.epoch = 6, 1

    engine.add_event_handler(Events.STARTED, resume)
    engine.run(range(4), max_epochs=3)
    assert sampler.told == [(1, 2), (2, 0)]


@pytest.mark.parametrize("max_norm, expected", [(1.0, [0.6, 0.8]), (10.0, [3.0, 4.0]), (None, [3.0, 4.0])])
def test_a_long_gradient_is_scaled_and_a_short_one_left(max_norm, expected):
    parameters = [nn.Parameter(torch.zeros(1)) for _ in range(2)]

    def step(engine, _):
        for parameter, gradient in zip(parameters, (3.0, 4.0)):  # of length 5
            parameter.grad = torch.tensor([gradient])
        engine.fire_event(IterationEvents.BACKWARD_COMPLETED)

    engine = Engine(step)
    engine.register_events(*IterationEvents)
    GradientClipping(iter(parameters), max_norm=max_norm).attach(engine)
    engine.run([0], max_epochs=1)
    assert [parameter.grad.item() for parameter in parameters] == pytest.approx(expected, abs=1e-5)


class Validator:
    """Notes the epochs it is run in, as MONAI's evaluator keeps the last."""

    def __init__(self):
        self.state = SimpleNamespace(epoch=0)
        self.epochs = []

    def run(self, epoch):
        self.state.epoch = epoch
        self.epochs.append(epoch)


@pytest.mark.parametrize(("interval", "validated"), [(1, [1, 2, 3]), (2, [2, 3]), (3, [3])])
def test_the_last_epoch_is_validated_whatever_the_interval(interval, validated):
    engine, validator = Engine(lambda engine, batch: None), Validator()
    engine.add_event_handler(Events.EPOCH_COMPLETED(every=interval), lambda engine: validator.run(engine.state.epoch))
    FinalValidation(validator, max_iterations=5).attach(engine)
    IterationBudget(5).attach(engine)
    engine.run([0, 0], max_epochs=9)
    assert validator.epochs == validated
