# SPDX-License-Identifier: Apache-2.0
"""An evaluation is never written over another one: a folder holds the figures of one protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..evaluation_protocol import differing_keys, shown_value
from ..run_files import METRICS

__all__ = ["refuse_another_evaluation"]

_REMEDY = "name another --output_dir, or remove it"


def refuse_another_evaluation(folder: Path, protocol: Mapping[str, Any]) -> None:
    """Do nothing where ``folder`` has no ``metrics.json`` or one of the same protocol, which may be replaced.

    What counts as the same is told at :func:`differing_keys`.

    Raises:
        ValueError: the file there is of another protocol, with what differs, or it does not tell any.
    """
    path = folder / METRICS
    if not path.is_file():
        return
    saved, now = _protocol_of(path), json.loads(json.dumps(protocol, default=str))
    if differing := differing_keys(saved, now):
        shown = {key: (shown_value(key, saved[key]), shown_value(key, now[key])) for key in differing}
        told = "; ".join(f"{key} {there} there, {here} now" for key, (there, here) in shown.items())
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
