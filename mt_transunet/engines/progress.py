# SPDX-License-Identifier: Apache-2.0
"""How far a run is: a bar where a person looks on, a line now and then where only a log does."""

from __future__ import annotations

import logging
import sys
import time
from typing import Protocol, TextIO

import torch
from ignite.engine import Engine, Events
from ignite.handlers import ProgressBar
from tqdm import tqdm

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 30.0


class HasParts(Protocol):
    parts: dict[str, torch.Tensor]


class Progress(ProgressBar):
    """ignite's progress bar with images per second, time left of the epoch and, in training, the parts of the loss.

    A bar returns to the start of its line to be drawn again, which leaves one endless line in a file. So where its
    stream is no terminal the same is said in lines of the log, one each half minute and one at the end of each epoch.

    Args:
        desc: what is counted: "images", "validation", or "epoch", whose number follows.
        loss: its ``parts`` are shown.
        batch_size: images per iteration: the counter is scaled by it.
        stream: where the bar is drawn; standard error by default.
    """

    def __init__(
        self, desc: str, *, loss: HasParts | None = None, batch_size: int = 1, stream: TextIO | None = None
    ) -> None:
        self.stream = sys.stderr if stream is None else stream
        super().__init__(
            desc=desc,
            bar_format="{desc} [{n_fmt}/{total_fmt}] {percentage:3.0f}%|{bar:20}| {rate_fmt} {remaining}{postfix}",
            unit=" images",
            unit_scale=batch_size,
            mininterval=1.0,
            file=self.stream,
        )
        self.loss = loss
        self.batch_size = batch_size

    def attach(self, engine: Engine) -> None:  # type: ignore[override]
        if self.stream is not None and self.stream.isatty():  # a service may have no standard error
            super().attach(engine, output_transform=None if self.loss is None else lambda _: self._parts())
            return
        engine.add_event_handler(Events.EPOCH_STARTED, self._start_clock)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._say)

    def _parts(self) -> dict[str, float]:
        return {} if self.loss is None else {name: float(part) for name, part in self.loss.parts.items()}

    def _start_clock(self, engine: Engine) -> None:
        self._began = self._last = time.monotonic()
        self._before = engine.state.iteration  # a resumed epoch begins in its middle

    def _say(self, engine: Engine) -> None:
        now, length = time.monotonic(), engine.state.epoch_length or 0  # a stream has none
        # an evaluator's iterations begin anew with every run, a trainer's go on through the epochs
        done = (engine.state.iteration - 1) % length + 1 if length else engine.state.iteration
        if done != length and now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        seconds = max(now - self._began, 1e-9) / (engine.state.iteration - self._before)
        name = self.tqdm_kwargs["desc"]
        if name == "epoch" and (engine.state.max_epochs or 0) > 1:
            name += f" {engine.state.epoch} of {engine.state.max_epochs}"
        said = [f"{done * self.batch_size}{f' of {length * self.batch_size}' if length else ''} images"]
        said += [f"{self.batch_size / seconds:.3g} images/s"]
        said += [f"{tqdm.format_interval(seconds * (length - done))} left"] if length else []
        said += [f"{part} {value:.3g}" for part, value in self._parts().items()]
        logger.info("%s: %s", name, ", ".join(said))
