# SPDX-License-Identifier: Apache-2.0
"""What ``dataset_dir`` may be: a folder, a datalist.json, or several of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from .errors import DataError

DatasetDir = str | os.PathLike | Sequence[str | os.PathLike]


def dataset_roots(dataset_dir: DatasetDir) -> list[Path]:
    """The roots as absolute paths, in the order given.

    A string in brackets is a Python or JSON list, as the command line passes one
    (``--dataset_dir "['a', 'b']"``). ``~`` is expanded.

    Raises:
        DataError: a root does not exist, or nothing was named.
    """
    entries = _entries(dataset_dir)
    if not entries:
        raise DataError("dataset_dir names no folder; give one, or a list of them")
    return [_existing(entry) for entry in entries]


def _entries(dataset_dir: DatasetDir) -> list[str | os.PathLike]:
    if not isinstance(dataset_dir, str):
        return list(dataset_dir) if isinstance(dataset_dir, Iterable) else [dataset_dir]
    text = dataset_dir.strip()
    if not text.startswith(("[", "(")) or os.path.exists(dataset_dir):
        return [dataset_dir] if text else []
    try:
        # YAML's flow lists cover Python's and JSON's, and names without quotes; this loader makes numbers of none
        return yaml.load(f"[{text[1:-1]}]", Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise DataError(f"dataset_dir is not a list of folders: {dataset_dir}; write \"['a', 'b']\"") from error


def _existing(entry: str | os.PathLike) -> Path:
    if not isinstance(entry, (str, os.PathLike)):
        raise DataError(
            f"dataset_dir must be a folder or a list of folders, got {entry!r}; write a name of digits ./2017"
        )
    path = Path(os.path.abspath(os.path.expanduser(entry)))
    if not path.exists():
        raise DataError(f"{path} does not exist; check the spelling of dataset_dir or additional_dir")
    return path
