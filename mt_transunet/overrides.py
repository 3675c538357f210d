# SPDX-License-Identifier: Apache-2.0
"""What was typed behind ``python -m monai.bundle run``, and whether the configs know those keys."""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from monai.bundle import ConfigParser
from monai.bundle import run as bundle_run
from monai.bundle.utils import ID_SEP_KEY

from .user_errors import report_user_errors

__all__ = ["BundleCommand", "parse_command", "check_overrides", "UnknownOverrideError"]


class UnknownOverrideError(ValueError):
    """An override names a key that none of the given config files holds."""


class BundleCommand(NamedTuple):
    """A ``monai.bundle run`` command line taken apart."""

    config_files: tuple[str, ...]
    overrides: dict[str, str]


def parse_command(argv: Sequence[str]) -> BundleCommand | None:
    """Config files and overrides of a ``monai.bundle run`` command line; ``None`` for any other command.

    Keys are given in MONAI's ``::`` spelling. An ``args_file`` contributes its own keys.
    """
    is_bundle = "monai" in argv[0].replace("\\", "/").split("/") and argv[0].endswith(("__main__.py", "bundle"))
    if not is_bundle or len(argv) < 2 or argv[1] != "run":
        return None
    typed = _flags(argv[2:])
    if "args_file" in typed:
        typed = {**ConfigParser.load_config_files(typed["args_file"]), **typed}
    # monai.bundle's own arguments (config_file, tracking, ...) are no overrides
    own = set(inspect.signature(bundle_run).parameters) - {"override"}
    files = typed.get("config_file", ())
    if isinstance(files, str):
        files = ast.literal_eval(files) if files.startswith(("[", "(")) else [files]
    overrides = {key.replace("#", ID_SEP_KEY): value for key, value in typed.items() if key not in own}
    return BundleCommand(tuple(files), overrides)


def _flags(words: Sequence[str]) -> dict[str, Any]:
    """``--key value`` and ``--key=value`` pairs; a flag without a value is true."""
    flags: dict[str, Any] = {}
    for word, following in zip(words, [*words[1:], "--"]):
        is_flag = word.startswith("-") and word.lstrip("-")[:1].isalpha() or word.startswith("--_")
        if is_flag:
            key, equals, value = word.lstrip("-").partition("=")
            flags[key] = value if equals else "True" if following.startswith("--") else following
    return flags


def check_overrides(argv: Sequence[str]) -> None:
    """Stop a run whose command line overrides a key that stands in none of its config files.

    MONAI accepts such a key silently, so that a mistyped ``--datset_dir`` trains on the default data.

    Raises:
        UnknownOverrideError: naming the key and the nearest known ones.
    """
    command = parse_command(argv)
    if command is None or not command.config_files:
        return
    report_user_errors()  # the first expression of every config: the earliest our code runs
    known = _paths(ConfigParser.load_config_files(list(command.config_files)))
    known |= {path.replace(ID_SEP_KEY, "#") for path in known}
    for key in command.overrides:
        if key in known or key.startswith("_meta_"):
            continue
        shown = key.replace(ID_SEP_KEY, "#")
        near = difflib.get_close_matches(
            shown, sorted(path for path in known if ID_SEP_KEY not in path), n=3, cutoff=0.5
        )
        hint = (
            f"did you mean {' or '.join('--' + name for name in near)}?" if near else "see the top of the config file"
        )
        raise UnknownOverrideError(f"--{shown} stands in none of {', '.join(command.config_files)}: {hint}")


def _paths(config: Mapping[str, Any], prefix: str = "") -> set[str]:
    """Every key of a nested config, in MONAI's ``::`` spelling."""
    paths: set[str] = set()
    for key, value in config.items():
        path = f"{prefix}{key}".replace("#", ID_SEP_KEY)
        # an overlay may spell a nested key in one word: its parents are known too
        parts = path.split(ID_SEP_KEY)
        paths |= {ID_SEP_KEY.join(parts[: length + 1]) for length in range(len(parts))}
        if isinstance(value, Mapping):
            paths |= _paths(value, f"{path}{ID_SEP_KEY}")
        elif isinstance(value, list):
            paths |= {f"{path}{ID_SEP_KEY}{index}" for index in range(len(value))}
            paths |= _paths({str(i): v for i, v in enumerate(value) if isinstance(v, Mapping)}, f"{path}{ID_SEP_KEY}")
    return paths
