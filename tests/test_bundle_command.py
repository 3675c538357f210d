# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
from pathlib import Path

import fire
import pytest

from mt_transunet import bundle_command


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
