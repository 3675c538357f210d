# SPDX-License-Identifier: Apache-2.0
"""The image that stands for most of those that wait for a person, by what image files look like."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Collection, Iterable, Mapping
from threading import Thread

import numpy as np
from PIL import Image

from ..quality.description import describe
from ..transforms import as_rgb
from .acquisition import representatives

__all__ = ["Looks", "next_representative"]

logger = logging.getLogger(__name__)

_DRAFT_SIDE = 128
"""Pixels: a JPEG is decoded at the coarsest of its scales that is no smaller, which is twice what describing takes."""
_File = tuple[str, int]  # path and time of the last change: a file that was replaced is another one


class Looks:
    """What image files look like (``quality.description``), asked for again and again, and kept in memory.

    A file takes some milliseconds. ``at_once`` of them are described while the caller waits, drawn at random for
    neighbours in a folder tend to be alike; the others in a thread, which ends with the process.
    """

    def __init__(self, at_once: int = 64):
        self._at_once = at_once
        self._known: dict[_File, np.ndarray | None] = {}
        self._thread: Thread | None = None

    def of(self, paths: Mapping[str, str]) -> dict[str, np.ndarray]:
        """Id -> path gives id -> (11,) numbers, of the images that are described by now.

        A file that cannot be read is left out; the log says so once.
        """
        files = {image_id: file for image_id, path in paths.items() if (file := _file(path))}
        due = sorted(file for file in files.values() if file not in self._known)
        random.Random(0).shuffle(due)
        missing = max(0, self._at_once - (len(files) - len(due)))
        self._describe(due[:missing])
        if due[missing:] and not (self._thread and self._thread.is_alive()):
            self._thread = Thread(target=self._describe, args=(due[missing:],), daemon=True, name="describing")
            self._thread.start()
        found = {image_id: self._known.get(file) for image_id, file in files.items()}
        return {image_id: numbers for image_id, numbers in found.items() if numbers is not None}

    def wait(self) -> None:
        """Until the thread has described all that it was given."""
        if self._thread:
            self._thread.join()

    def _describe(self, files: Iterable[_File]) -> None:
        for file in files:
            self._known[file] = _description(file[0])


def _file(path: str) -> _File | None:
    try:
        return os.fspath(path), os.stat(path).st_mtime_ns
    except OSError:  # removed in the meantime
        return None


def _description(path: str) -> np.ndarray | None:
    try:
        with Image.open(path) as photograph:
            photograph.draft("RGB", (_DRAFT_SIDE, _DRAFT_SIDE))
            return describe(np.asarray(as_rgb(photograph)))
    except Exception as error:  # whatever Pillow finds wrong with a file
        logger.warning(f"{path} has no description and is served last: {error}")
        return None


def next_representative(
    descriptions: Mapping[str, np.ndarray],
    waiting: Collection[str],
    *,
    in_hand: Collection[str] = frozenset(),
    most: int = 1000,
) -> str | None:
    """Which of the waiting images a person should see next: the one that stands for most of the others.

    Described images that do not wait have a label; they, and those in somebody's hands, stand for their like already.
    Images without a description come after all that have one, those in somebody's hands last.

    Args:
        descriptions: id -> numbers of every image that has them, labelled ones too.
        waiting: ids of the images without a label.
        in_hand: those of them that somebody works at.
        most: of more waiting images so many are compared, drawn at random, which bounds the time of an answer.

    Returns:
        Its id, None if nothing waits.
    """
    free = sorted(image_id for image_id in waiting if image_id in descriptions and image_id not in in_hand)
    taken = descriptions.keys() - free
    drawn = random.Random(0).sample(free, most) if len(free) > most else free
    best = representatives({name: descriptions[name] for name in [*drawn, *taken]}, 1, taken=taken)
    return best[0] if best else min(waiting, key=lambda image_id: (image_id in in_hand, image_id), default=None)
