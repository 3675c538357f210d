# SPDX-License-Identifier: Apache-2.0
"""What a person reads of a training afterwards."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events
from torch.optim import Optimizer

from ..atomic import write_csv
from .progress import HasParts

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

__all__ = ["RunHistory"]


def _peak_memory() -> dict[str, float]:
    """Most memory this process has held, GiB: the GPU's where one is in use, else resident memory; none on Windows."""
    if torch.cuda.is_available() and torch.cuda.max_memory_allocated():
        return {"peak_memory_gib": round(torch.cuda.max_memory_allocated() / 2**30, 3)}
    if resource is None:
        return {}
    units = 2**30 if sys.platform == "darwin" else 2**20  # ru_maxrss is in bytes there and in KiB elsewhere
    return {"peak_memory_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / units, 3)}


class RunHistory:
    """Appends a row per epoch to ``history.csv``: mean of each loss part, speed, learning rate, validation figures.

    Weights that were validated before the first iteration have a row of their own, iteration 0 of epoch 0.

    Of several processes that train together the losses are those of the one that writes, over its part of each batch.

    The rows are part of the run's checkpoint: a resumed run rewrites the file without rows of repeated work.

    Args:
        path: the CSV file.
        loss: its ``parts`` are averaged over the epoch.
        optimizer: the learning rate of its last group is noted.
        batch_size: images per iteration.
        evaluator: the validation engine, attached before this handler; its metrics are added to the row.
        writes: whether this process writes the file; of several that train together one does.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        loss: HasParts,
        optimizer: Optimizer,
        batch_size: int,
        evaluator: Engine | None = None,
        writes: bool = True,
    ) -> None:
        self.path = Path(path)
        self.writes = writes
        self.loss = loss
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.evaluator = evaluator
        self.rows: list[dict[str, Any]] = []
        self._sums: dict[str, float] = {}
        self._iterations = 0
        self._seconds = 0.0
        self._last = 0.0

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.EPOCH_STARTED, self._note_start)
        engine.add_event_handler(Events.EPOCH_STARTED, self._start_clock)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._add)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._close_epoch)

    def _note_start(self, engine: Engine) -> None:
        # a validation engine that has not run is in epoch 0 too, and has no figures
        if not self.rows and (figures := self._figures(epoch=0)):
            self.rows.append({"iteration": 0, "epoch": 0, "seconds": 0.0, **figures})
            self._write()

    def _start_clock(self, engine: Engine) -> None:
        self._last = time.perf_counter()

    def _add(self, engine: Engine) -> None:
        for name, value in self.loss.parts.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value)
        self._iterations += 1
        now = time.perf_counter()
        self._seconds, self._last = self._seconds + now - self._last, now

    def _close_epoch(self, engine: Engine) -> None:
        if self._iterations == 0:
            return
        row: dict[str, Any] = {
            "iteration": engine.state.iteration,
            "epoch": engine.state.epoch,
            "seconds": round(self._seconds, 2),
            "images_per_second": round(self._iterations * self.batch_size / self._seconds, 2),
            "learning_rate": self.optimizer.param_groups[-1]["lr"],
        }
        row |= _peak_memory()
        row |= {name: total / self._iterations for name, total in self._sums.items()}
        row |= self._figures(epoch=engine.state.epoch)
        self.rows.append(row)
        self._sums, self._iterations, self._seconds = {}, 0, 0.0
        self._write()

    def _figures(self, *, epoch: int) -> dict[str, float]:
        """What validation has found after this epoch; nothing where it has not looked."""
        if self.evaluator is None or self.evaluator.state.epoch != epoch:
            return {}
        return {k: float(v) for k, v in self.evaluator.state.metrics.items() if isinstance(v, (int, float))}

    def _write(self) -> None:
        if self.writes:
            write_csv(self.path, self.rows)

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows, "sums": self._sums, "iterations": self._iterations, "seconds": self._seconds}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.rows, self._sums = list(state["rows"]), dict(state["sums"])
        self._iterations, self._seconds = state["iterations"], state["seconds"]
        self._write()
