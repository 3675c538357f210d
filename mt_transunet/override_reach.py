# SPDX-License-Identifier: Apache-2.0
"""Which keys of the configs a run comes across, so that an override of any other changes nothing."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from monai.bundle import ConfigParser
from monai.bundle.utils import ID_SEP_KEY

__all__ = ["without_effect"]

_REFERENCE = re.compile(r"[@%]([\w:#]+)")
_NESTED = re.compile(f"#|{ID_SEP_KEY}")


def without_effect(keys: Iterable[str], config: Mapping[str, Any], run_id: str) -> list[str]:
    """Those of ``keys`` that nothing refers to which ``run_id``, its beginning and its end evaluate.

    Keys are in MONAI's ``::`` spelling; an overlay in ``config`` may spell its own with ``#``. A key counts as read
    where anything above or below it is.
    """
    read = _reached(_nested(config), ["initialize", run_id, "finalize"])
    return [key for key in keys if not any(_related(key, other) for other in read)]


def _nested(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The config with every overlay's ``a#b`` in its place."""
    own = {key: value for key, value in config.items() if not _NESTED.search(key)}
    parser = ConfigParser(copy.deepcopy(own))
    for key in config:
        if key not in own:
            parser.set(config[key], key, recursive=True)
    return parser.config


def _reached(config: Mapping[str, Any], starts: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        if (key := waiting.pop()) not in seen:
            seen.add(key)
            waiting += [
                found.replace("#", ID_SEP_KEY)
                for text in _texts(_at(config, key))
                for found in _REFERENCE.findall(text)
            ]
    return seen


def _at(config: Any, key: str) -> Any:
    for part in key.split(ID_SEP_KEY):
        if isinstance(config, Mapping) and part in config:
            config = config[part]
        elif isinstance(config, list) and part.isdigit() and int(part) < len(config):
            config = config[int(part)]
        else:
            return None
    return config


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list)):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


def _related(key: str, other: str) -> bool:
    shorter, longer = sorted((key.split(ID_SEP_KEY), other.split(ID_SEP_KEY)), key=len)
    return longer[: len(shorter)] == shorter
