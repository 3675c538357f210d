# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import sys

import monai
import torch

from mt_transunet.run_record import write_run_record


def test_started_from_python_it_holds_settings_and_versions(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/env/bin/pytest", "run"])
    path = write_run_record(tmp_path / "run", {"seed": 1, "device": torch.device("cpu")})
    record = json.loads(path.read_text())
    assert path == tmp_path / "run" / "config.json"
    assert record["settings"] == {"seed": 1, "device": "cpu"} and record["threads"] == torch.get_num_threads()
    assert record["versions"]["torch"] == torch.__version__ and record["versions"]["monai"] == monai.__version__
    assert "config" not in record and "overrides" not in record


def test_started_as_a_bundle_it_adds_overrides_and_the_merged_config(tmp_path, monkeypatch):
    for name, content in {"a": {"x": 1, "y": {"z": 2}}, "b": {"y#z": 3}}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    files = str([str(tmp_path / "a.json"), str(tmp_path / "b.json")])
    monkeypatch.setattr(sys, "argv", ["/monai/bundle/__main__.py", "run", "--config_file", files, "--x", "7"])
    record = json.loads(write_run_record(tmp_path, {}).read_text())
    assert record["overrides"] == {"x": "7"} and record["config"] == {"x": 1, "y": {"z": 3}}
