# SPDX-License-Identifier: Apache-2.0
"""Checkpoints from which a killed run goes on, on a CPU bit for bit."""

from __future__ import annotations

import errno
import logging
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from ignite.engine import Engine, Events

from ..atomic import save_tensors
from .folder_lock import lock_while_running, unlock_folder
from .run_folder import set_earlier_run_aside

__all__ = ["BEFORE", "RunCheckpoint"]

logger = logging.getLogger(__name__)

BEFORE = {"constant_light": False, "sharpness_radius": 0.0, "dice_loss": None}
"""Settings that came with releases 0.8.0 and 0.11.0 -> what runs were told before, whose records do not hold them."""

START_ANEW = "name another --output_dir, or start anew with --resume False"


class Stateful(Protocol):
    """Anything with torch's state convention."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> Any: ...


class RunCheckpoint:
    """Writes everything a run needs to go on to one file, and goes on from it when training starts.

    MONAI's ``CheckpointSaver`` removes the old file before it writes the new one and does not restore the best figure
    so far; here the one file is replaced atomically. It is written every ``save_interval`` iterations, where a run is
    stopped within an epoch, and after each epoch once validation and history are done, never between an epoch's last
    iteration and its validation, which a resumed run would skip.

    Args:
        path: the file.
        objects: what to save by name: network, EMA, optimizer, schedules, generators, history.
        evaluator: the validation engine, whose best figure so far is kept; ``None`` without validation.
        identity: plain values that must be the same when a run goes on (variant, seed, recipe).
        max_iterations: the run's last iteration.
        save_interval: iterations between checkpoints within an epoch.
        resume: whether to go on from ``path`` where it exists; otherwise it is removed when the run starts, lest a run
            that is killed before its own first checkpoint go on as the one before it.
        writes: whether this process writes the file; all that train together read it, one writes. That one keeps other
            processes out of the folder, and puts aside what an earlier run has left there when it starts anew.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        objects: Mapping[str, Stateful],
        identity: Mapping[str, Any],
        max_iterations: int,
        evaluator: Engine | None = None,
        save_interval: int = 200,
        resume: bool = True,
        writes: bool = True,
    ) -> None:
        self.path = Path(path)
        self.objects = dict(objects)
        self.identity = dict(identity)
        self.max_iterations = max_iterations
        self.evaluator = evaluator
        self.save_interval = save_interval
        self.resume = resume
        self.writes = writes

    def attach(self, engine: Engine) -> None:
        if self.writes:
            lock_while_running(engine, self.path.parent, owner=self)
        engine.add_event_handler(Events.STARTED, self.load)
        if not self.writes:
            return
        engine.add_event_handler(Events.ITERATION_COMPLETED(every=self.save_interval), self._save_within_epoch)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self.save)
        engine.add_event_handler(Events.TERMINATE, self._save_within_epoch)
        engine.add_event_handler(Events.COMPLETED, self._say_what_is_left)
        for end in (Events.TERMINATE, Events.COMPLETED):  # the first alone where a time budget ends the run
            engine.add_event_handler(end, lambda _: unlock_folder(self.path.parent, owner=self))

    def _say_what_is_left(self, engine: Engine) -> None:
        done = f"{engine.state.iteration} of {self.max_iterations} iterations done"
        logger.info(f"{done}{self._best_so_far()}; see {self.path.parent}")

    def _best_so_far(self) -> str:
        state = getattr(self.evaluator, "state", None)
        if state is None or state.best_metric_epoch < 0:
            return ""
        if math.isnan(state.best_metric):
            return "; no selection score was defined"
        when = f"in epoch {state.best_metric_epoch}" if state.best_metric_epoch else "of the weights it started from"
        kept = "" if self.identity.get("keep", "best") == "best" else ", but model.pt holds the last weights"
        return f"; best selection score {state.best_metric:.4f} {when}{kept}"

    def _save_within_epoch(self, engine: Engine) -> None:
        iteration = engine.state.iteration
        if iteration % engine.state.epoch_length and iteration < self.max_iterations:
            self.save(engine)

    def save(self, engine: Engine) -> None:
        """Write the state after the iteration that ``engine`` has completed."""
        content: dict[str, Any] = {
            "iteration": engine.state.iteration,
            "identity": {**self.identity, "iterations_per_epoch": engine.state.epoch_length},
            "objects": {name: item.state_dict() for name, item in self.objects.items()},
        }
        if self.evaluator is not None:
            state = self.evaluator.state
            content["best"] = {"metric": float(state.best_metric), "epoch": int(state.best_metric_epoch)}
        save_tensors(self.path, content)

    def load(self, engine: Engine) -> None:
        """Bring ``engine`` and all objects to the state of the file, where there is one.

        Raises:
            ValueError: if the file is not such a checkpoint, belongs to another run, or is of more iterations than this
                one is to have.
            OSError: if it cannot be read.
        """
        if not self.resume and self.writes:
            self.path.unlink(missing_ok=True)
        if not self.resume or not self.path.is_file():
            if self.writes:
                set_earlier_run_aside(self.path.parent)
            logger.info(f"starting at iteration 0; a checkpoint every {self.save_interval} iterations and each epoch")
            return
        content = self._read(engine)
        for name, item in self.objects.items():
            try:
                item.load_state_dict(content["objects"][name])
            except (KeyError, RuntimeError, ValueError) as error:
                reason = str(error).splitlines()[0]
                raise ValueError(f"{self.path}: its {name} does not fit this run ({reason}); {START_ANEW}") from error
        engine.state.iteration = content["iteration"]
        # an epoch cut short counts as started: the loop adds one to the epoch before it goes on
        engine.state.epoch = content["iteration"] // engine.state.epoch_length
        if self.evaluator is not None and "best" in content:
            self.evaluator.state.best_metric = content["best"]["metric"]
            self.evaluator.state.best_metric_epoch = content["best"]["epoch"]
        if engine.state.iteration > self.max_iterations:
            raise ValueError(
                f"{self.path} is of {engine.state.iteration} iterations, more than the {self.max_iterations} asked "
                "for; name another --output_dir for a shorter run"
            )
        logger.info(f"{self.path}: going on after iteration {engine.state.iteration} of {self.max_iterations}")

    def _read(self, engine: Engine) -> dict[str, Any]:
        content = _load(self.path)
        saved = content["identity"]
        wanted = {**self.identity, "iterations_per_epoch": engine.state.epoch_length}
        differing = [
            f"{key} {_shown(saved[key])} there, {_shown(value)} now"
            for key, value in wanted.items()
            if key in saved and saved[key] != value  # an older version's file may hold fewer
        ]
        if differing:
            raise ValueError(f"{self.path} belongs to another run ({'; '.join(differing)}): {START_ANEW}")
        return content


def _shown(value: Any) -> str:
    """A setting as Python writes it, hashes by their first digits."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1...", repr(value))


def _load(path: Path) -> dict[str, Any]:
    """What the file holds, with the settings that came later than it.

    Raises:
        ValueError: it is not such a checkpoint.
        OSError: naming the file, where not its content is to blame but the disk, a permission or memory.
    """
    try:
        with open(path, "rb") as stream:
            content = torch.load(stream, map_location="cpu", weights_only=True)
        return {**content, "identity": {**BEFORE, **content["identity"]}}
    except OSError as error:
        raise _cannot_read(path, error.errno, error.strerror or str(error)) from error
    except Exception as error:
        if isinstance(error, MemoryError) or "allocate memory" in str(error):  # torch's is a RuntimeError
            raise _cannot_read(path, errno.ENOMEM, os.strerror(errno.ENOMEM)) from error
        raise ValueError(f"{path} is no training checkpoint of this bundle: remove it to start anew") from error


def _cannot_read(path: Path, number: int | None, reason: str) -> OSError:
    return OSError(number, f"{reason}; the run goes on from this checkpoint once it can be read", str(path))
