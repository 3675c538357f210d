# SPDX-License-Identifier: Apache-2.0
"""Which keys of the configs a run comes across, so that an override of any other changes nothing."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from monai.bundle import ConfigParser, ReferenceResolver
from monai.bundle.utils import ID_SEP_KEY

__all__ = ["without_effect"]


def without_effect(overrides: Mapping[str, Any], config: Mapping[str, Any], run_id: str) -> list[str]:
    """Those of the overrides' keys that nothing refers to which ``run_id``, its beginning and its end evaluate.

    Keys are in MONAI's ``::`` spelling. One counts as read where anything above or below it is.
    """
    parser = ConfigParser(copy.deepcopy(dict(config)))
    for key, value in overrides.items():
        parser.set(value, key, recursive=True)
    parser.resolve_macro_and_relative_ids()
    read = _reached(parser, ["initialize", "run", run_id, "finalize"])  # "run", whose macro the others are
    return [key for key in overrides if not any(_related(key, other) for other in read)]


def _reached(parser: ConfigParser, waiting: list[str]) -> set[str]:
    seen: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key not in seen and key in parser:
            seen.add(key)
            waiting += ReferenceResolver.find_refs_in_config(parser[key], key)
    return seen


def _related(key: str, other: str) -> bool:
    shorter, longer = sorted((key.split(ID_SEP_KEY), other.split(ID_SEP_KEY)), key=len)
    return longer[: len(shorter)] == shorter
