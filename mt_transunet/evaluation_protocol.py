# SPDX-License-Identifier: Apache-2.0
"""What two evaluations have not in common, of how they were made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

__all__ = ["differing_keys", "shown_value"]

_PATHS = ("weights", "dataset_dir")
_SHOWN_CHARACTERS = 32  # of a hash or a list


def differing_keys(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The keys of ``other`` whose values in ``one`` differ; what ``one`` does not tell is not compared.

    The same weights, by their hash, may lie elsewhere, with a list of the images they learned from or without, and a
    path may be spelled in another way.
    """
    told = [key for key in other if key in one and key != "learned_from"]
    differing = [key for key in told if not _same(key, one[key], other[key])]
    if "weights_sha256" not in differing and "weights_sha256" in one:
        differing = [key for key in differing if key != "weights"]
    return differing


def shown_value(key: str, value: Any) -> str:
    """A value in a sentence: paths whole, of a hash or a list the beginning."""
    text = repr(value)
    return text if key in _PATHS or len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def _same(key: str, one: Any, other: Any) -> bool:
    if key in _PATHS and isinstance(one, str) and isinstance(other, str):
        return os.path.realpath(one) == os.path.realpath(other)
    return bool(one == other)
