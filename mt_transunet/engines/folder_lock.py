# SPDX-License-Identifier: Apache-2.0
"""One process at a time writes to the folder of a training, an evaluation or an inference."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Hashable
from pathlib import Path
from typing import NoReturn

from ignite.engine import Engine, Events

try:
    import fcntl
except ImportError:  # Windows has none: nothing is locked there
    fcntl = None  # type: ignore[assignment]

__all__ = ["lock_folder", "lock_while_running", "unlock_folder"]

_held: dict[Path, tuple[int, set[Hashable]]] = {}
"""Folder -> its descriptor, and who of this process writes there."""


def lock_folder(folder: Path, owner: Hashable = None) -> None:
    """Keep other processes from writing to ``folder`` until :func:`unlock_folder`, or until this one ends.

    Several owners of one process may hold it; it is free when the last one has let go. The system releases the lock of
    a killed process. Where it cannot lock (some network drives), nothing is locked.

    Raises:
        ValueError: another process holds it.
    """
    folder = folder.resolve()
    if fcntl is None:
        return
    if folder in _held:
        _held[folder][1].add(owner)
        return
    with contextlib.suppress(OSError):  # a folder that cannot be made is told by whoever writes the first file
        folder.mkdir(parents=True, exist_ok=True)
        opened = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(opened)
            raise ValueError(
                f"another process is writing to {folder}: wait for it, end it, or name another --output_dir"
            ) from error
        except OSError:
            os.close(opened)
            raise
        _held[folder] = opened, {owner}


def unlock_folder(folder: Path, owner: Hashable = None) -> None:
    """Let others write there, as far as this owner is concerned."""
    opened, owners = _held.get(folder.resolve(), (None, set()))
    owners.discard(owner)
    if opened is not None and not owners:
        del _held[folder.resolve()]
        os.close(opened)


def lock_while_running(engine: Engine, folder: Path, owner: Hashable) -> None:
    """Lock the folder when the engine starts, and let go where an error ends it; its end is the owner's to say."""

    def let_go(engine: Engine, error: Exception) -> NoReturn:
        unlock_folder(folder, owner)
        raise error  # ignite leaves that to the first handler of the event

    engine.add_event_handler(Events.STARTED, lambda _: lock_folder(folder, owner))
    engine.add_event_handler(Events.EXCEPTION_RAISED, let_go)


def _leave_to_the_parent() -> None:
    """A lock lasts until the last copy of its descriptor is closed, and a forked worker has one of each."""
    while _held:
        os.close(_held.popitem()[1][0])


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_the_parent)
