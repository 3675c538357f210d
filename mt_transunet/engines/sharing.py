# SPDX-License-Identifier: Apache-2.0
"""Handlers that other parts of a config refer to as well."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from ignite.engine import Engine, Events
from monai.handlers import EarlyStopHandler

__all__ = ["ResumableEarlyStop", "SharedStatistics", "shared_handler"]

Handler = TypeVar("Handler")


def shared_handler(handler: Handler) -> Handler:
    """Return ``handler``: MONAI wants handler lists to hold components, not references, and this is one."""
    return handler


class SharedStatistics:
    """Lets all processes validate the network of the first one, which is the one that is saved.

    On CPUs each process normalises by its own part of a batch, so that the running statistics of their averages differ.
    """

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.STARTED, self)

    def __call__(self, engine: Engine) -> None:
        for buffer in engine.network.buffers():  # type: ignore[attr-defined]
            torch.distributed.broadcast(buffer, src=0)


class ResumableEarlyStop(EarlyStopHandler):
    """MONAI's early stopping with its patience kept in the run's checkpoint. The trainer is set when the run starts.

    A run that was stopped early and is started again ends at once, unless it is given more patience. An undefined score
    (NaN), which ignite takes for an improvement, is none behind a defined one; before the first it does not count.

    Args:
        patience: validations without a better score after which the run stops.
        score_function: the score of an engine that has validated; higher is better.
        settings: what MONAI's takes besides.
    """

    def __init__(self, patience: int, score_function: Callable[[Engine], float], **settings: Any) -> None:
        super().__init__(patience, lambda engine: _or_lowest(score_function(engine)), **settings)

    def __call__(self, engine: Engine) -> None:
        super().__call__(engine)
        if self._handler is not None and self._handler.best_score == -math.inf:
            self._handler.best_score = None

    def state_dict(self) -> dict[str, Any]:
        return {} if self._handler is None else self._handler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        if self._handler is not None and state:
            self._handler.load_state_dict(state)
            if self._handler.counter >= self.patience:
                self._handler.trainer.terminate()


def _or_lowest(score: float) -> float:
    return -math.inf if math.isnan(score) else score
