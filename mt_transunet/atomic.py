# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole under their name or not at all, whenever the run is killed."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

__all__ = ["cannot_write", "save_tensors", "unfinished_name", "write_bytes", "write_chunks", "write_csv", "write_json"]


def write_bytes(path: str | os.PathLike, content: bytes) -> Path:
    """Write ``content`` as :func:`write_chunks` does."""
    return write_chunks(path, [content])


def write_chunks(path: str | os.PathLike, chunks: Iterable[bytes]) -> Path:
    """Write one chunk after the other beside ``path``, flush them to the disk, and rename the file into place.

    Raises:
        OSError: naming the file, when it cannot be written (a full disk, no permission); an older file stays, as it
            does when ``chunks`` ends with an error of its own.
    """
    target = Path(path)
    unfinished = unfinished_name(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(unfinished, "wb") as stream:
            stream.writelines(chunks)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(unfinished, target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        with contextlib.suppress(OSError):  # absent after success; its folder may not exist either
            unfinished.unlink()
    return target


def unfinished_name(target: Path) -> Path:
    """A short hidden name beside ``target`` with the same ending, which says the format."""
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:8]
    ending = ".nii.gz" if target.name.endswith(".nii.gz") else target.suffix
    return target.with_name(f".unfinished.{digest}{ending}")


def cannot_write(target: Path, error: OSError) -> OSError:
    """The error with the file's name and what a person can do."""
    return OSError(error.errno, f"{error.strerror or error}; free some space or name another output_dir", str(target))


def write_json(path: str | os.PathLike, content: Any) -> Path:
    """Indented JSON; values JSON does not know become their ``str``."""
    return write_bytes(path, (json.dumps(content, indent=2, default=str) + "\n").encode())


def write_csv(path: str | os.PathLike, rows: Iterable[Mapping[str, Any]]) -> Path:
    """One line per row under a header of every key that occurs, in the order of first occurrence."""
    rows = list(rows)
    header = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return write_bytes(path, text.getvalue().encode(errors="surrogateescape"))  # names of files may be any bytes


def save_tensors(path: str | os.PathLike, content: Any) -> Path:
    """``torch.save``, atomically."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return write_bytes(path, buffer.getvalue())
