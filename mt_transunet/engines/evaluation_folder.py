# SPDX-License-Identifier: Apache-2.0
"""An evaluation is never written over another one: a folder holds the figures of one protocol."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["refuse_another_evaluation"]

_PATHS = ("weights", "dataset_dir")
_SHOWN_CHARACTERS = 32  # of a hash or a list

_REMEDY = "name another --output_dir, or remove it"


def refuse_another_evaluation(folder: Path, protocol: Mapping[str, Any]) -> None:
    """Do nothing where ``folder`` has no ``metrics.json`` or one of the same protocol, which may be replaced.

    The same weights, by their hash, may lie elsewhere, and a path may be spelled in another way. What an older
    version's file does not tell is not compared.

    Raises:
        ValueError: the file there is of another protocol, with what differs, or it does not tell any.
    """
    path = folder / "metrics.json"
    if not path.is_file():
        return
    saved, now = _protocol_of(path), json.loads(json.dumps(protocol, default=str))
    differing = [key for key in now if key in saved and not _same(key, saved[key], now[key])]
    if "weights_sha256" not in differing and "weights_sha256" in saved:
        differing = [key for key in differing if key != "weights"]
    if differing:
        told = "; ".join(f"{key} {_shown(key, saved[key])} there, {_shown(key, now[key])} now" for key in differing)
        raise ValueError(f"{folder} holds another evaluation ({told}): {_REMEDY}")


def _protocol_of(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except ValueError:
        content = None
    protocol = content.get("protocol") if isinstance(content, dict) else None
    if not isinstance(protocol, dict):
        raise ValueError(f"{path} does not tell what was evaluated: {_REMEDY}")
    return protocol


def _same(key: str, saved: Any, now: Any) -> bool:
    if key in _PATHS and isinstance(saved, str) and isinstance(now, str):
        return os.path.realpath(saved) == os.path.realpath(now)
    return bool(saved == now)


def _shown(key: str, value: Any) -> str:
    text = repr(value)
    return text if key in _PATHS or len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
