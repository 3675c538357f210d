# SPDX-License-Identifier: Apache-2.0
"""The folder of a training: one process writes there, and what an earlier run left does not pass for this one's."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has none: nothing is locked there
    fcntl = None  # type: ignore[assignment]

__all__ = ["lock_folder", "set_earlier_run_aside", "unlock_folder"]

logger = logging.getLogger(__name__)

EARLIER = "earlier"
MODEL, HISTORY = "model.pt", "history.csv"
_BESIDE = ("config.json", HISTORY, "model.images.txt")
_held: dict[Path, int] = {}


def lock_folder(folder: Path) -> None:
    """Keep other processes from training into ``folder`` until :func:`unlock_folder`, or until this one ends.

    The system releases the lock of a killed process. Where it cannot lock (some network drives), nothing is locked.

    Raises:
        ValueError: another process holds it.
    """
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
                f"another process is training into {folder}: wait for it, end it, or name another --output_dir"
            ) from error
        _held[folder] = opened


def unlock_folder(folder: Path) -> None:
    """Let others train there."""
    if (opened := _held.pop(folder, None)) is not None:
        os.close(opened)


def set_earlier_run_aside(folder: Path) -> None:
    """Move weights, list of images, history and record of an earlier run to ``folder/earlier``, a run's folder too.

    A new run writes its own record and list before its first weights: those of another run between them would pass for
    its own. What lay in ``earlier`` is replaced.
    """
    if not (folder / MODEL).is_file():
        (folder / HISTORY).unlink(missing_ok=True)
        return
    aside = folder / EARLIER
    aside.mkdir(exist_ok=True)
    for name in (MODEL, *_BESIDE):
        (aside / name).unlink(missing_ok=True)
    for name in (*_BESIDE, MODEL):  # killed in between, the weights are without a list
        if (folder / name).is_file():
            os.replace(folder / name, aside / name)
    logger.info(f"the weights of an earlier run are now in {aside}")
