# SPDX-License-Identifier: Apache-2.0
"""Training in commands of limited length, one after the other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import ignite.distributed as idist
from ignite.engine import Engine, Events

__all__ = ["TimeBudget"]

logger = logging.getLogger(__name__)


class TimeBudget:
    """Stops a run that has trained for ``max_minutes`` in this process; the same command given again goes on.

    The stop comes after the iteration in which the time is up, without validation or a row of history: it is a pause
    and no end of training (ignite's ``COMPLETED`` does not fire). :class:`RunCheckpoint` writes the state of exactly
    that iteration. Attach it behind that.

    Where the time is up in an epoch's last iteration or in its validation, the epoch finishes as always and the run
    stops behind it. A limit from outside should therefore leave time for one validation and one checkpoint more, and
    for what comes before the first iteration. Of several processes that train together the first one's clock counts.

    Args:
        max_minutes: wall time since training started in this process; ``None`` for no limit.
        max_iterations: the run's last iteration, at which the run ends by itself.
        clock: seconds that never go backwards.

    Raises:
        ValueError: if ``max_minutes`` is not positive.
    """

    def __init__(
        self, max_minutes: float | None, *, max_iterations: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if max_minutes is not None and max_minutes <= 0:
            raise ValueError(f"max_minutes must be above 0, or null for no limit, got {max_minutes}")
        self.max_minutes = max_minutes
        self.max_iterations = max_iterations
        self.clock = clock
        self._started = 0.0
        self._stopped = False

    def attach(self, engine: Engine) -> None:
        if self.max_minutes is None:
            return
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._stop_within_epoch)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._stop)
        engine.add_event_handler(Events.TERMINATE, self._say_how_to_go_on)

    def _start(self, engine: Engine) -> None:
        self._started, self._stopped = self.clock(), False

    def _minutes(self) -> float:
        return (self.clock() - self._started) / 60

    def _is_up(self) -> bool:
        is_up = float(self._minutes() >= self.max_minutes)  # type: ignore[operator]  # else not attached
        return bool(idist.broadcast(is_up) if idist.get_world_size() > 1 else is_up)

    def _stop_within_epoch(self, engine: Engine) -> None:
        if engine.state.iteration % engine.state.epoch_length:
            self._stop(engine)

    def _stop(self, engine: Engine) -> None:
        ends_anyway = engine.state.iteration >= self.max_iterations or engine.should_terminate  # or stopped early
        if not ends_anyway and self._is_up():
            self._stopped = True
            engine.terminate(skip_completed=True)

    def _say_how_to_go_on(self, engine: Engine) -> None:
        if self._stopped:
            place = f"iteration {engine.state.iteration} of {self.max_iterations}"
            logger.info(f"stopped after {self._minutes():.1f} minutes at {place}; give the same command again to go on")
