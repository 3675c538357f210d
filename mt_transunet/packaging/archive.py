# SPDX-License-Identifier: Apache-2.0
"""A folder with the hashes of its files, and as one archive that is the same file whenever it is written."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..atomic import unfinished_name, write_json

__all__ = ["MANIFEST", "changed_files", "write_archive", "write_manifest"]

MANIFEST = "manifest.json"
_BEGINNING = (1980, 1, 1, 0, 0, 0)  # of time, in archives
_MODE = 0o644 << 16


def write_manifest(root: Path) -> Path:
    """Write ``manifest.json``: path of every other file -> its SHA-256."""
    return write_json(root / MANIFEST, _hashes(root))


def changed_files(root: Path, manifest: dict[str, str]) -> list[str]:
    """Files that are missing, new or not what the manifest says; Python's caches and links are no files of a bundle."""
    found = _hashes(root)
    return sorted(name for name in {*found, *manifest} if found.get(name) != manifest.get(name))


def write_archive(root: Path, archive: Path) -> Path:
    """Pack a folder under its own name: files in order, without dates, so that the same files give the same bytes."""
    unfinished = unfinished_name(archive)
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
            for path in _files(root):
                name = zipfile.ZipInfo(f"{root.name}/{path.relative_to(root).as_posix()}", _BEGINNING)
                name.external_attr, name.compress_type, name.create_system = _MODE, zipfile.ZIP_DEFLATED, 3
                packed.writestr(name, path.read_bytes())
        unfinished.replace(archive)
    finally:
        unfinished.unlink(missing_ok=True)
    return archive


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts:
            yield path


def _hashes(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in _files(root)
        if path != root / MANIFEST
    }
