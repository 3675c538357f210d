# SPDX-License-Identifier: Apache-2.0
"""A file in pieces small enough to be carried from one machine to another, and the file again from its pieces."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from .atomic import write_bytes, write_chunks

__all__ = ["split", "join"]

MEBIBYTE = 2**20
MOST_PIECES = 1000  # numbered .000 to .999
ENDING = ".pieces.json"


def split(path: str | os.PathLike, folder: str | os.PathLike, size: int = 16 * MEBIBYTE) -> list[Path]:
    """Write the bytes of ``path`` to ``NAME.000``, ``NAME.001``, ... and what they are to ``NAME.pieces.json``.

    An older set of the same name in ``folder`` is replaced. The manifest is removed first and written last: where
    there is one, its set is whole. An empty file has no pieces, only a manifest.

    Args:
        path: the file.
        folder: where the pieces go; it is made where it does not exist.
        size: the most bytes that any file of the set may have.

    Returns:
        The files to carry, the manifest last.

    Raises:
        ValueError: if ``size`` is so small that there were too many pieces, or that the manifest exceeded it.
    """
    source, target = Path(path), Path(folder)
    whole, pieces, written = hashlib.sha256(), [], []
    with open(source, "rb") as stream:
        total = os.fstat(stream.fileno()).st_size
        _check_size(source, total, size)
        target.mkdir(parents=True, exist_ok=True)
        (target / f"{source.name}{ENDING}").unlink(missing_ok=True)
        for number, start in enumerate(range(0, total, size)):
            length, digest = min(size, total - start), hashlib.sha256()
            piece = write_chunks(target / f"{source.name}.{number:03d}", _read(stream, length, digest, whole))
            written.append(piece)
            pieces.append({"name": piece.name, "bytes": length, "sha256": digest.hexdigest()})
        if sum(piece.stat().st_size for piece in written) != total or stream.read(1):
            raise ValueError(f"{source} changed while it was split: split it again")
    for stale in _numbered(target, source.name) - {piece.name for piece in written}:
        (target / stale).unlink()
    manifest = {"name": source.name, "bytes": total, "sha256": whole.hexdigest(), "pieces": pieces}
    return [*written, write_bytes(target / f"{source.name}{ENDING}", _json(manifest))]


def join(folder_or_manifest: str | os.PathLike, path: str | os.PathLike) -> Path:
    """Write the file that was split to ``path``, after every piece and the whole have been found unchanged.

    Raises:
        ValueError: naming the piece that is missing, altered or not of this set; an older ``path`` stays.
    """
    manifest_path, target = _find_manifest(Path(folder_or_manifest)), Path(path)
    manifest, folder = _read_manifest(manifest_path), manifest_path.parent
    if target.is_dir():
        raise ValueError(f"{target} is a folder: name the file to write, such as {target / manifest['name']}")
    listed, there = {piece["name"] for piece in manifest["pieces"]}, _numbered(folder, manifest["name"])
    if missing := sorted(listed - there):
        raise ValueError(f"{folder} lacks {', '.join(missing)}: carry that over again")
    if foreign := sorted(there - listed):
        raise ValueError(f"{folder} holds {', '.join(foreign)}, which {manifest_path.name} does not list: remove that")
    return write_chunks(target, _verified(manifest, folder))


def _verified(manifest: dict[str, Any], folder: Path) -> Iterator[bytes]:
    """The bytes of all pieces; ends with an error unless they are those that were split."""
    whole = hashlib.sha256()
    for piece in manifest["pieces"]:
        digest, path = hashlib.sha256(), folder / piece["name"]
        with open(path, "rb") as stream:
            yield from _read(stream, piece["bytes"], digest, whole)
            longer = stream.read(1)
        if longer or digest.hexdigest() != piece["sha256"]:
            raise ValueError(f"{path} is not the piece that was split (its sha256 differs): carry it over again")
    if whole.hexdigest() != manifest["sha256"]:
        raise ValueError(f"{folder / manifest['name']}{ENDING} does not describe its own pieces: split the file again")


def _read(stream: BinaryIO, length: int, *digests: Any) -> Iterator[bytes]:
    """At most ``length`` bytes, a mebibyte at a time, which the digests take in as well."""
    while chunk := stream.read(min(length, MEBIBYTE)):
        for digest in digests:
            digest.update(chunk)
        length -= len(chunk)
        yield chunk


def _json(manifest: dict[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=1) + "\n").encode()


def _check_size(source: Path, total: int, size: int) -> None:
    count = -(-total // size) if size > 0 else MOST_PIECES + 1
    longest = {"name": f"{source.name}.000", "bytes": size, "sha256": "0" * 64}
    manifest = {"name": source.name, "bytes": total, "sha256": "0" * 64, "pieces": [longest] * min(count, MOST_PIECES)}
    if count > MOST_PIECES or len(_json(manifest)) > size:
        raise ValueError(
            f"{source} has {total} bytes, too many for pieces of {size}: at most {MOST_PIECES} pieces are numbered, "
            "and the manifest that lists them must not be larger than a piece; allow larger pieces"
        )


def _numbered(folder: Path, name: str) -> set[str]:
    """Files that are named as pieces of ``name`` are."""
    return {entry.name for entry in folder.iterdir() if re.fullmatch(rf"{re.escape(name)}\.\d{{3}}", entry.name)}


def _find_manifest(place: Path) -> Path:
    if not place.is_dir():
        return place
    found = sorted(entry for entry in place.iterdir() if entry.name.endswith(ENDING))
    if not found:
        raise ValueError(f"{place} holds no *{ENDING}, which is written last: split the file again or carry it over")
    if len(found) > 1:
        raise ValueError(f"{place} holds the pieces of several files: name one of {', '.join(map(str, found))}")
    return found[0]


def _read_manifest(path: Path) -> dict[str, Any]:
    """The manifest, once it is known to name nothing but numbered pieces beside it."""
    try:
        manifest = json.loads(path.read_bytes())
        names = [piece["name"] for piece in manifest["pieces"]]
        told = [manifest["sha256"], *(piece["sha256"] for piece in manifest["pieces"])]
        sound = names == [f"{manifest['name']}.{number:03d}" for number in range(len(names))]
        sound = sound and Path(manifest["name"]).name == manifest["name"] and all(isinstance(h, str) for h in told)
        sound = sound and manifest["bytes"] == sum(piece["bytes"] for piece in manifest["pieces"])
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        raise ValueError(f"{path} is no list of the pieces of a file: split the file again, or carry it over again")
    return manifest
