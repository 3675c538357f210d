# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import fire
import pytest

from mt_transunet import bundle_command
from mt_transunet.engines.folder_lock import lock_folder, unlock_folder


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("dataset_dir", "2017", "./2017"),
        ("output_dir", Path("2017_05"), "./2017_05"),
        ("initial_weights", "1e5", "./1e5"),
        ("dataset_dir", "ISIC2017", "ISIC2017"),
        ("fold", 2017, 2017),
    ],
)
def test_a_folder_named_by_a_number_reaches_the_command_as_a_folder(monkeypatch, key, value, read):
    typed: list[list[str]] = []
    ok = subprocess.CompletedProcess([], 0)
    monkeypatch.setattr(bundle_command.subprocess, "run", lambda command: typed.append(command) or ok)
    bundle_command.run_bundle("training", {key: value})
    assert typed[0][-2] == f"--{key}" and fire.parser.DefaultParseValue(typed[0][-1]) == read


def test_killing_the_caller_ends_the_training_too(tmp_path):
    told = {"max_iterations": 10**6, "image_size": 32, "labelled_batch": 2, "pretrained": False, "num_workers": 0}
    told["max_minutes"] = 3  # it ends by itself where it is not killed
    told |= {"output_dir": str(tmp_path / "run"), "synthetic_dir": str(tmp_path / "synthetic")}
    code = f"from mt_transunet.bundle_command import run_bundle; run_bundle('training', {told})"
    caller = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not is_trained_into(tmp_path / "run") and time.monotonic() < deadline and caller.poll() is None:
        time.sleep(0.5)
    assert is_trained_into(tmp_path / "run")
    caller.terminate()
    caller.wait()
    assert not is_trained_into(tmp_path / "run")


def is_trained_into(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    try:
        lock_folder(folder)
    except ValueError:
        return True
    unlock_folder(folder)
    return False
