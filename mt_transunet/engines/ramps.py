# SPDX-License-Identifier: Apache-2.0
"""Schedules: plain functions of the iteration, so that a resumed run needs no memory of them."""

from __future__ import annotations

import math
from collections.abc import Callable, MutableMapping

from ignite.engine import Engine, Events

__all__ = ["consistency_ramp", "learning_rate_factor", "total_iterations", "LossWeightRamp"]


def consistency_ramp(iteration: int, length: int) -> float:
    """``exp(-5 (1 - t/T)^2)`` for t < T, then 1 (section 4.2 of the paper; T = half of the training).

    Args:
        iteration: completed iterations, t.
        length: T in iterations; 0 means no ramp (1 from the start).
    """
    if length <= 0:
        return 1.0
    return math.exp(-5.0 * (1.0 - min(iteration, length) / length) ** 2)


def learning_rate_factor(schedule: str, *, total: int, warmup: int = 0, floor: float = 0.0) -> Callable[[int], float]:
    """Factor on the learning rate as a function of the iteration, for ``torch.optim.lr_scheduler.LambdaLR``.

    Args:
        schedule: ``linear`` to ``floor`` (the paper), ``cosine`` to ``floor``, or ``constant``.
        total: iterations of the whole run; later ones get the last value.
        warmup: first iterations in which the factor grows linearly from near 0 to 1.
        floor: last value, in [0, 1].

    Raises:
        ValueError: for an unknown schedule.
    """
    shapes: dict[str, Callable[[float], float]] = {
        "linear": lambda progress: 1.0 - progress,
        "cosine": lambda progress: 0.5 * (1.0 + math.cos(math.pi * progress)),
        "constant": lambda progress: 1.0,
    }
    if schedule not in shapes:
        raise ValueError(f"learning-rate schedule must be one of {', '.join(shapes)}, got {schedule!r}")
    shape = shapes[schedule]

    def factor(iteration: int) -> float:
        if iteration < warmup:
            return (iteration + 1) / (warmup + 1)
        progress = min(1.0, (iteration - warmup) / max(1, total - warmup))
        return floor + (1.0 - floor) * shape(progress)

    return factor


def total_iterations(max_iterations: int | None, max_epochs: int, epoch_length: int) -> int:
    """Iterations a run will take: whichever of the two limits is reached first.

    Raises:
        ValueError: if the limit is below 1.
    """
    limit = max_epochs * epoch_length
    total = limit if max_iterations is None else min(max_iterations, limit)
    if total < 1:
        raise ValueError(f"max_iterations and max_epochs must be at least 1, got {max_iterations} and {max_epochs}")
    return total


class LossWeightRamp:
    """Handler that lets the weight of one loss follow :func:`consistency_ramp`.

    Args:
        weights: the mapping the loss reads its weights from; ``weights[name]`` is the final weight at the start.
        name: which weight.
        length: T in iterations.
    """

    def __init__(self, weights: MutableMapping[str, float], *, name: str, length: int) -> None:
        self.weights = weights
        self.name = name
        self.length = length
        self.final = weights[name]

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.ITERATION_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        completed = engine.state.iteration - 1  # ignite has counted the iteration that starts
        self.weights[self.name] = self.final * consistency_ramp(completed, self.length)
