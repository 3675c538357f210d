# SPDX-License-Identifier: Apache-2.0
"""What was typed behind ``python -m monai.bundle run``, and whether the configs know those keys."""

from __future__ import annotations

import ast
import difflib
import inspect
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from monai.bundle import ConfigParser
from monai.bundle import run as bundle_run
from monai.bundle.utils import DEFAULT_MLFLOW_SETTINGS, ID_SEP_KEY

from .override_reach import without_effect
from .override_values import check_kind, number_read
from .user_errors import report_user_errors

__all__ = [
    "BundleCommand",
    "parse_command",
    "check_overrides",
    "flags",
    "refuse_stray_words",
    "stray_words",
    "UnknownOverrideError",
]

logger = logging.getLogger(__name__)


class UnknownOverrideError(ValueError):
    """An override names a key that none of the given config files holds."""


class BundleCommand(NamedTuple):
    """A ``monai.bundle run`` command line taken apart."""

    config_files: tuple[str, ...]
    overrides: dict[str, str]
    run_id: str = "run"
    strays: tuple[str, ...] = ()
    """Words behind the ``run_id`` that belong to no key."""


def parse_command(argv: Sequence[str]) -> BundleCommand | None:
    """Config files and overrides of a ``monai.bundle run`` command line; ``None`` for any other command.

    Keys are given in MONAI's ``::`` spelling. An ``args_file`` contributes its own keys.
    """
    if len(argv) < 2 or argv[1] != "run" or not re.search(r"[\\/]monai[\\/]bundle([\\/]__main__\.py)?$", argv[0]):
        return None
    typed = flags(argv[2:])
    if "args_file" in typed:
        typed = {**ConfigParser.load_config_file(typed["args_file"]), **typed}
    # monai.bundle's own arguments (config_file, tracking, ...) are no overrides
    own = set(inspect.signature(bundle_run).parameters) - {"override"}
    if "tracking" in typed:  # it adds keys of its own to the config
        own |= set(DEFAULT_MLFLOW_SETTINGS["configs"])
    overrides = {key.replace("#", ID_SEP_KEY): value for key, value in typed.items() if key not in own}
    run_id = argv[2] if len(argv) > 2 and not argv[2].startswith("-") else typed.get("run_id", "run")
    strays = stray_words(argv[3:] if list(argv[2:3]) == [run_id] else argv[2:])
    return BundleCommand(_file_names(typed.get("config_file", ())), overrides, run_id, tuple(strays))


def _file_names(typed: str | Sequence[str]) -> tuple[str, ...]:
    """One file, a list as Python writes it, or names with commas between them."""
    if not isinstance(typed, str):
        return tuple(typed)
    if typed.startswith(("[", "(")):
        return tuple(ast.literal_eval(typed))
    return tuple(typed.split(",")) if "," in typed and not Path(typed).is_file() else (typed,)


def flags(words: Sequence[str]) -> dict[str, Any]:
    """``--key value`` and ``--key=value`` pairs as fire reads them: ``--key`` alone is true, ``--nokey`` false."""
    found: dict[str, Any] = {}
    own = _own(words)
    for word, following in zip(words[:own], [*words[1:own], "--"]):
        if not _is_flag(word):
            continue
        key, equals, value = word.lstrip("-").partition("=")
        key = key.replace("-", "_")
        if equals or not _is_flag(following):
            found[key] = value if equals else following
        elif key.startswith("no"):
            found[key[2:]] = "False"
        else:
            found[key] = "True"
    return found


def stray_words(words: Sequence[str]) -> list[str]:
    """The words that are neither a ``--key`` nor the value of one, which :func:`flags` would pass over."""
    words = words[: _own(words)]
    before = ["", *words]
    takes_value = [_is_flag(word) and "=" not in word for word in before]
    return [word for word, expected in zip(words, takes_value) if not _is_flag(word) and not expected]


def _own(words: Sequence[str]) -> int:
    """How many words come before fire's own flags, which follow a last ``--``."""
    return len(words) - 1 - words[::-1].index("--") if "--" in words else len(words)


def _is_flag(word: str) -> bool:
    return re.match("--|-[a-zA-Z]", word) is not None  # -5 and -1e-4 are values


def check_overrides(argv: Sequence[str]) -> None:
    """Stop a run whose command line overrides a key that stands in none of its config files.

    MONAI accepts such a key silently, so that a mistyped ``--datset_dir`` trains on the default data.

    A key that this run never comes across is told in the log.

    Raises:
        UnknownOverrideError: naming the key and the nearest known ones.
        ValueError: no value at all, a folder or file whose name the command line reads as a number, or a value of
            another kind.
    """
    command = parse_command(argv)
    if command is None or not command.config_files:
        return
    report_user_errors()  # the first expression of every config: the earliest our code runs
    config = ConfigParser.load_config_files(list(command.config_files))
    known = _paths(config)
    known |= {path.replace(ID_SEP_KEY, "#") for path in known}
    # what only reports a value elsewhere is no key to suggest
    offered = sorted(
        path for path in known if ID_SEP_KEY not in path and not path.startswith(("settings#", "protocol#"))
    )
    if command.run_id not in known:
        raise UnknownOverrideError(
            f"there is no {command.run_id!r} to run in {', '.join(command.config_files)}: "
            f"{_hint(command.run_id, ['run', 'training', 'evaluating', 'inference'], '')}"
        )
    for key, value in command.overrides.items():
        shown = key.replace(ID_SEP_KEY, "#")
        if key not in known and not key.startswith("_meta_"):
            raise UnknownOverrideError(
                f"--{shown} stands in none of {', '.join(command.config_files)}: {_hint(shown, offered)}"
            )
        if value == "":
            raise ValueError(f"--{shown} has no value (an unset variable?): give one, or leave it out")
        if (number := number_read(key, value)) is not None:
            raise ValueError(f"--{shown} {value} is read as the number {number}; write ./{value}")
        if (
            "#" in str(value)
            and not str(value).startswith(("$", "@", "%"))
            and key.endswith(("_dir", "_path", "weights"))
        ):
            raise ValueError(f"--{shown} {value}: MONAI takes # for its separator of keys; link or rename the folder")
        check_kind(key, value, config, str(command.overrides.get("variant", config.get("variant"))))

    told = {key: value for key, value in command.overrides.items() if not key.startswith(("_meta_", "imports"))}
    for key in without_effect(told, config, command.run_id):
        logger.warning(f"--{key.replace(ID_SEP_KEY, '#')} changes nothing here: {command.run_id} does not read it")


def refuse_stray_words(argv: Sequence[str]) -> None:
    """Stop a run whose command line has a word that belongs to no key.

    MONAI takes it for its ``init_id``, finds nothing of that name, and leaves out all that stands in ``initialize``,
    :func:`check_overrides` too. So this stands in ``run``.

    Raises:
        UnknownOverrideError: naming it.
    """
    command = parse_command(argv)
    if command is None or not command.strays or not command.config_files:
        return
    report_user_errors()
    known = {"initialize", "finalize"} | _paths(ConfigParser.load_config_files(list(command.config_files)))
    for word in command.strays:
        if word.replace("#", ID_SEP_KEY) not in known and not Path(word).is_file():
            raise UnknownOverrideError(f"{word!r} belongs to no --key: write --key value")


def _hint(word: str, offered: Sequence[str], prefix: str = "--") -> str:
    near = difflib.get_close_matches(word, offered, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(prefix + name for name in near)}?" if near else "see the top of the config file"


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
