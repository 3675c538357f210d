# SPDX-License-Identifier: Apache-2.0
"""The bundle's own commands, run as a person would type them."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
    with _ends_with_this_process():
        done = subprocess.run(command)
    if done.returncode != 0:
        raise RuntimeError(f"{run_id} failed; the command and its message stand above")


@contextmanager
def _ends_with_this_process() -> Iterator[None]:
    """Let ``kill`` end a command's process too, as Ctrl-C does: ``subprocess.run`` kills it where it is interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
