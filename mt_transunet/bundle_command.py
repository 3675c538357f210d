# SPDX-License-Identifier: Apache-2.0
"""The bundle's own commands, run as a person would type them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from .bundle_folder import bundle_folder
from .override_values import number_read

__all__ = ["CONFIGS", "run_bundle"]

CONFIGS = bundle_folder() / "configs"

_FILES = {"training": ["train"], "evaluating": ["train", "evaluate"], "inference": ["inference"]}


def run_bundle(run_id: str, overrides: Mapping[str, Any]) -> None:
    """Run training, evaluating or inference in a process of its own; the command is printed first, to be copied.

    Raises:
        RuntimeError: the command failed, it has said why; or the bundle's configs are not here (a wheel has none).
    """
    if not CONFIGS.is_dir():
        raise RuntimeError(f"{CONFIGS} is not there; this needs the source tree: clone the repository, make install")
    files = [str(CONFIGS / f"{name}.json") for name in _FILES[run_id]]
    command = [sys.executable, "-m", "monai.bundle", "run", run_id]
    command += ["--config_file", str(files) if len(files) > 1 else files[0]]
    for key, value in overrides.items():
        # ./2017 is a folder where 2017 would be a number
        command += [f"--{key}", str(value) if number_read(key, value) is None else f"./{value}"]
    print(f"\n$ {shlex.join(command)}", flush=True)
    if subprocess.run(command).returncode != 0:
        raise RuntimeError(f"{run_id} failed; the command and its message stand above")
