# SPDX-License-Identifier: Apache-2.0
"""What inference has done so far, kept image by image, so that a second call goes on where the first one ended."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..atomic import cannot_write, write_bytes

__all__ = ["PredictionJournal"]

logger = logging.getLogger(__name__)

NAME = "predictions.jsonl"


class _Entry(NamedTuple):
    """Where an image's record begins in the file, and what the image's own file was like."""

    offset: int
    stamp: list[int] | None


class PredictionJournal:
    """One line of JSON per finished image in ``predictions.jsonl``, on the disk as soon as the image is done.

    The first line holds the settings. A journal of other settings, or ``resume=False``, begins anew: every image is
    done again, and :meth:`begin` forgets the old lines before the first file is made. An image counts as done while its
    file keeps its size and time of change and every file made from it is there, not made anew from another image of the
    same name. A line that a kill cut short is dropped. Only places in the file, and names, are held in memory.

    Args:
        output_dir: where the journal and all files made from the images lie.
        settings: what decides the results: hashes of the weights, views, options.
        resume: whether to go on with a journal that is there.
    """

    def __init__(self, output_dir: str | os.PathLike, *, settings: Mapping[str, Any], resume: bool = True) -> None:
        self.output_dir = Path(output_dir)
        self.path = self.output_dir / NAME
        self.settings = json.loads(json.dumps(dict(settings), default=str))  # as a line of JSON gives them back
        self._entries: dict[str, _Entry] = {}
        self._made_from: dict[str, str] = {}  # file -> the image it was last made from
        self._end = 0  # of the last whole line; 0: the file is to be begun
        self._size = self._size_now()  # as this run left the file; another size is another run's doing
        if resume and self._size:
            self._read_entries()

    def left(self, images: Iterable[str]) -> list[str]:
        """Those of the images that have no result yet, in order."""
        images = list(images)
        left = [image for image in images if not self.has(image)]
        if len(left) < len(images):
            logger.info(f"{len(images) - len(left)} of {len(images)} images are done already in {self.output_dir}")
        return left

    def has(self, image: str) -> bool:
        """Whether the image is done."""
        stamp = _stamp(image)
        return stamp is not None and image in self._entries and self._entries[image].stamp == stamp

    def begin(self) -> None:
        """Leave nothing but the settings in a journal that begins anew, before a file is made that its lines speak of.

        Raises:
            OSError: as :meth:`add`.
        """
        if self._size_now() != self._size:
            raise self._taken()
        if not self._end:
            settings = _line({"settings": self.settings})
            write_bytes(self.path, settings)
            self._end = self._size = len(settings)

    def add(self, record: Mapping[str, Any]) -> None:
        """Keep the record of one image: JSON values, among them ``image``, its path, and ``files`` made from it.

        Raises:
            OSError: the file cannot be written (a full disk, no permission), or another run has written to it.
        """
        self.begin()
        stamp = _stamp(record["image"])
        try:
            with open(self.path, "r+b") as stream:
                stream.truncate(self._end)
                offset = stream.seek(self._end)
                stream.write(_line({**record, "stamp": stamp}))
                stream.flush()
                os.fsync(stream.fileno())
                self._end = self._size = stream.tell()
        except OSError as error:  # the next call writes over what there is of the line
            raise cannot_write(self.path, error) from error
        self._note(record, _Entry(offset, stamp))

    def records(self, images: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The records of those images that are done, in the order given, one at a time from the disk."""
        done = [image for image in images if self.has(image)]
        if not done:
            return
        with open(self.path, "rb") as stream:
            for image in done:
                stream.seek(self._entries[image].offset)
                record = _parsed(stream.readline())
                if record.get("image") != image:
                    raise self._taken()
                del record["stamp"]
                yield record

    def _read_entries(self) -> None:
        with open(self.path, "rb") as stream:
            if _parsed(stream.readline()).get("settings") != self.settings:
                logger.warning(f"{self.path} was made with other settings: every image is done again")
                return
            self._end = stream.tell()
            while record := _parsed(stream.readline()):
                self._note(record, _Entry(self._end, record["stamp"]))
                self._end = stream.tell()
        missing = {image for file, image in self._made_from.items() if not (self.output_dir / file).is_file()}
        for image in missing:
            self._entries.pop(image, None)

    def _note(self, record: Mapping[str, Any], entry: _Entry) -> None:
        """Take an image for done, and those no longer whose files are now this one's."""
        image = record["image"]
        for file in record["files"]:
            before = self._made_from.get(file, image)
            if before != image:
                self._entries.pop(before, None)
            self._made_from[file] = image
        self._entries[image] = entry

    def _size_now(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def _taken(self) -> OSError:
        return OSError(f"{self.path} was written to by another run; let one run at a time use an output_dir")


def _line(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content) + "\n").encode()


def _parsed(line: bytes) -> dict[str, Any]:
    """The object of a whole line; empty for the end of the file or a line cut short."""
    try:
        content = json.loads(line) if line.endswith(b"\n") else {}
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _stamp(image: str) -> list[int] | None:
    """Size and time of last change of the file, None when it is gone."""
    try:
        found = os.stat(image)
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]
