# SPDX-License-Identifier: Apache-2.0
"""``config.json`` of a run: what it was told, and with what it ran."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import monai
import numpy
import torch
from monai.bundle import ConfigParser

from .atomic import write_json
from .overrides import parse_command

__all__ = ["code_commit", "write_run_record"]


def write_run_record(output_dir: str | os.PathLike, settings: Mapping[str, Any]) -> Path:
    """Write ``config.json``: resolved ``settings``, the command's overrides, the merged config files, the versions.

    The merged config is absent when the workflow was started from Python, where no command names its files.
    """
    command = parse_command(sys.argv)
    record: dict[str, Any] = {
        "settings": dict(settings),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "monai": monai.__version__,
            "numpy": numpy.__version__,
        },
        "threads": torch.get_num_threads(),
        "commit": code_commit(),
    }
    if command is not None:
        record["overrides"] = command.overrides
        record["config"] = ConfigParser.load_config_files(list(command.config_files))
    return write_json(Path(output_dir) / "config.json", record)


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
