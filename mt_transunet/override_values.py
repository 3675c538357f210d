# SPDX-License-Identifier: Apache-2.0
"""Whether what was typed for a key is of the kind that the configs have there."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from monai.bundle.utils import ID_SEP_KEY

__all__ = ["check_kind", "number_read", "require_device", "require_folder"]

_OF_RECIPE = re.compile(r"\$.*@recipe\['(\w+)'\].*")
_SWITCHES = ("true", "false", "yes", "no", "on", "off")
_EXPRESSIONS = ("$", "@", "%")
_SHARES = ("erase", "ramp_part")
_REFERENCE = re.compile(r"@[\w#:]+")
_EXAMPLES: dict[str, Any] = {
    "fold": 0,
    "max_minutes": 30.0,
    "early_stop_patience": 5,
    "num_layers": 4,
    "millimetres_per_pixel": 0.02,
    "class_repeats": [1, 2, 3],
    "view_sizes": [160, 192, 224],
    "symmetries": ["identity", "transpose"],
    "train::trainer::max_epochs": 5,
}
"""What a setting may be that is None in the config, or worked out there."""


def check_kind(key: str, typed: Any, config: Mapping[str, Any], variant: str) -> None:
    """Refuse a word for a number, a decimal for a whole number, one value for a list, and ``false`` for ``False``.

    So are negative numbers, of which no setting takes one, and intervals of 0. Of a key whose value is an
    expression nothing is known, except where it is that of the variant's recipe. None, which switches many things off,
    and expressions are taken everywhere.

    Raises:
        ValueError: naming the key and a value of the right kind.
    """
    read = _literal(typed)
    nested = ID_SEP_KEY in key
    shown = f"--{key.replace(ID_SEP_KEY, '#')} {typed}"
    if read in _SWITCHES:  # a word, and no word is false
        raise ValueError(f"{shown}: write True or False")
    known = _value_of(key, config, variant)
    known = _EXAMPLES.get(key) if known is None or _is_expression(known) else known
    if known is None or read is None or _is_expression(read):
        return
    for kind, fits, name in (
        (bool, read in (True, False), "True or False"),
        (int, isinstance(read, int) and not isinstance(read, bool), f"a whole number, such as {known}"),
        (float, isinstance(read, (int, float)) and not isinstance(read, bool), f"a number, such as {known}"),
        (list, isinstance(read, (list, tuple)) and (nested or len(read) > 0), f'a list, such as "{known}"'),
    ):
        if isinstance(known, kind):
            if not fits:
                raise ValueError(f"{shown}: {name} is expected")
            break
    least = 1 if key.endswith("_interval") else 0
    if not nested and isinstance(read, (int, float)) and read < least:
        raise ValueError(f"{shown}: a number of {least} or more is expected")
    if key in _SHARES and isinstance(read, (int, float)) and read > 1:
        raise ValueError(f"{shown}: a number between 0 and 1 is expected")


def number_read(key: str, value: Any) -> float | None:
    """The number that fire makes of a folder's or file's name like ``2017`` or ``2017_05``; None of any other value.

    It gives whatever is a Python literal as one.
    """
    name = key.rpartition(ID_SEP_KEY)[2]
    if not name.endswith(("_dir", "_path", "_root")) and name not in ("weights", "initial_weights"):
        return None
    read = _literal(value)
    return read if isinstance(read, (int, float)) and not isinstance(read, bool) else None


def require_device(device: str | int | torch.device) -> None:
    """Refuse a device that this machine or this build of torch does not have.

    Raises:
        ValueError: naming those that are there.
    """
    try:
        torch.empty(1, device=device)
    except Exception as error:  # torch has a kind for each: AssertionError without CUDA, RuntimeError for a wrong name
        here = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
        here += ["mps"] * torch.backends.mps.is_available()
        reason = str(error).splitlines()[0]
        raise ValueError(f"--device {device} cannot be used ({reason}); here there is {', '.join(here)}") from error


def require_folder(output_dir: str | os.PathLike) -> None:
    """Refuse a folder that cannot be written to, before the first image; nothing is made yet.

    Raises:
        ValueError: it, or what it would lie in, is a file or may not be written to.
    """
    folder = Path(output_dir).absolute()
    there = next((path for path in (folder, *folder.parents) if os.path.lexists(path)), folder)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        what = "may not be written to" if there.is_dir() else "is no folder"
        raise ValueError(f"--output_dir {output_dir}: {there} {what}; name another folder")


def _value_of(key: str, config: Mapping[str, Any], variant: str) -> Any:
    value: Any = config
    for part in key.split(ID_SEP_KEY):
        if not isinstance(value, Mapping) or part not in value:
            return None  # an element of a list, or spelt in one word by an overlay
        value = value[part]
    if isinstance(value, str) and _REFERENCE.fullmatch(value):
        return _value_of(value[1:].replace("#", ID_SEP_KEY), config, variant)
    if isinstance(value, str) and (found := _OF_RECIPE.fullmatch(value)):
        return config.get("recipes", {}).get(variant, {}).get(found[1])
    return value


def _is_expression(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_EXPRESSIONS)


def _literal(typed: Any) -> Any:
    """What fire makes of a word: a Python literal, else the word."""
    try:
        return ast.literal_eval(str(typed))
    except (ValueError, SyntaxError):
        return typed
