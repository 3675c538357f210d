# SPDX-License-Identifier: Apache-2.0
"""Handlers around one training iteration: its random draws, its gradient, its place in the budget."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.engines import Evaluator
from monai.engines.utils import IterationEvents
from torch import nn

from .random_draws import generators, set_generators

__all__ = [
    "FinalValidation",
    "GradientClipping",
    "InitialValidation",
    "IterationBudget",
    "IterationSeed",
    "ListedOutput",
    "SamplerProgress",
    "has_work",
]


class IterationSeed:
    """Seeds torch before every iteration with (seed, iteration, rank).

    What dropout draws then depends on the iteration alone: not on what ran before it, on validation, or on whether the
    run was killed in between. ``state_dict`` holds the generators all the same, for those who draw between iterations.
    """

    def __init__(self, seed: int, *, rank: int = 0) -> None:
        self.seed = seed
        self.rank = rank

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.ITERATION_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        entropy = np.random.SeedSequence([self.seed, engine.state.iteration, self.rank])
        torch.manual_seed(int(entropy.generate_state(1, np.uint64)[0] >> np.uint64(1)))

    def state_dict(self) -> dict[str, Any]:
        return generators()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        set_generators(state)


class ListedOutput:
    """Puts the output of a training iteration into a list of one.

    MONAI's tracking (``--tracking mlflow``) reads the loss by ``from_engine(["loss"], first=True)``, which gives a
    number for lists alone. MONAI makes them by decollating, which would take every image of the batch apart.
    """

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(IterationEvents.MODEL_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        engine.state.output = [engine.state.output]


class _Sampler(Protocol):
    def set_progress(self, epoch: int, batches_done: int = 0) -> None: ...


class SamplerProgress:
    """Tells the batch sampler, when an epoch starts, which epoch (from 0) and how many of its batches are done."""

    def __init__(self, sampler: _Sampler) -> None:
        self.sampler = sampler

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        self.sampler.set_progress(engine.state.epoch - 1, engine.state.iteration % engine.state.epoch_length)


class GradientClipping:
    """Scales the gradient down to ``max_norm`` (Euclidean, over all parameters) when it is longer; ``None`` never."""

    def __init__(self, parameters: Iterable[nn.Parameter], *, max_norm: float | None) -> None:
        self.parameters = list(parameters)
        self.max_norm = max_norm

    def attach(self, engine: Engine) -> None:
        if self.max_norm is not None:
            engine.add_event_handler(IterationEvents.BACKWARD_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        nn.utils.clip_grad_norm_(self.parameters, self.max_norm)


class FinalValidation:
    """Validates after the run's last iteration where ``ValidationHandler``'s interval has not. Attach it behind that.

    Args:
        validator: the validation engine; its ``run`` takes the epoch.
        max_iterations: the run's last iteration.
    """

    def __init__(self, validator: Evaluator, *, max_iterations: int) -> None:
        self.validator = validator
        self.max_iterations = max_iterations

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        if engine.state.iteration >= self.max_iterations and self.validator.state.epoch != engine.state.epoch:
            self.validator.run(engine.state.epoch)


class InitialValidation:
    """Validates what a run starts from, as epoch 0, so that weights it was given are a candidate like those it makes.

    Early stopping counts from there. Attach it behind :class:`RunCheckpoint`, for a resumed run has done so already,
    and behind :class:`TimeBudget`, whose time it takes. (MONAI's ``ValidationHandler`` with ``exec_at_start`` makes two
    passes, of which the second counts as epoch 1.)

    Args:
        validator: the validation engine; nothing happens where it has no images.
        enabled: False where the start is no candidate: random weights, or a run that keeps its last ones.
    """

    def __init__(self, validator: Evaluator, *, enabled: bool = True) -> None:
        self.validator = validator
        self.enabled = enabled

    def attach(self, engine: Engine) -> None:
        if self.enabled and len(self.validator.data_loader):  # type: ignore[arg-type]
            engine.add_event_handler(Events.STARTED, self)

    def __call__(self, engine: Engine) -> None:
        if engine.state.iteration > 0:
            return
        with self.validator.add_event_handler(Events.EPOCH_COMPLETED, self._only_once):
            self.validator.run(0)

    def _only_once(self, engine: Engine) -> None:
        engine.state.max_epochs = 0  # of the two passes that MONAI asks for


class IterationBudget:
    """Ends training after ``max_iterations``, cutting the last epoch short.

    The cut epoch completes like any other, so validation, history and checkpoint are written for it. Attach it last.
    """

    def __init__(self, max_iterations: int) -> None:
        self.max_iterations = max_iterations

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.STARTED, self._end_run)  # a resumed run may be complete already
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._end_epoch)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._end_run)

    def _spent(self, engine: Engine) -> bool:
        return engine.state.iteration >= self.max_iterations

    def _end_epoch(self, engine: Engine) -> None:
        if self._spent(engine) and engine.state.iteration % engine.state.epoch_length:
            engine.terminate_epoch()

    def _end_run(self, engine: Engine) -> None:
        if self._spent(engine):
            engine.terminate()


def has_work(engine: Engine, _: int) -> bool:
    """Filter of ``Events.STARTED``, which ignite fires to the end for a run that turns out to be complete or ended.

    Only handlers behind :class:`RunCheckpoint` and :class:`IterationBudget` can know.
    """
    return not engine.should_terminate
