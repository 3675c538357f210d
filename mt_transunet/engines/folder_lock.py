# SPDX-License-Identifier: Apache-2.0
"""One process at a time writes to the folder of a training, an evaluation or an inference."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has none: nothing is locked there
    fcntl = None  # type: ignore[assignment]

__all__ = ["lock_folder", "unlock_folder"]

_held: dict[Path, int] = {}


def lock_folder(folder: Path) -> None:
    """Keep other processes from writing to ``folder`` until :func:`unlock_folder`, or until this one ends.

    The system releases the lock of a killed process. Where it cannot lock (some network drives), nothing is locked.

    Raises:
        ValueError: another process holds it.
    """
    folder = folder.absolute()
    if fcntl is None or folder in _held:
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
        _held[folder] = opened


def unlock_folder(folder: Path) -> None:
    """Let others write there."""
    if (opened := _held.pop(folder.absolute(), None)) is not None:
        os.close(opened)


def _leave_to_the_parent() -> None:
    """A lock lasts until the last copy of its descriptor is closed, and a forked worker has one of each."""
    while _held:
        os.close(_held.popitem()[1])


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_the_parent)
