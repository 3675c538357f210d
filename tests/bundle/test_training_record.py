# SPDX-License-Identifier: Apache-2.0
"""A run's record tells what its own iterations were computed with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from monai.bundle import ConfigWorkflow

from mt_transunet import run_record

Workflow = Callable[..., ConfigWorkflow]


def test_a_finished_run_started_again_leaves_its_records_alone(
    finished: Workflow, synthetic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"dataset_dir": synthetic, "output_dir": tmp_path, "max_iterations": 1}
    finished("training", **told)
    records = [tmp_path / name for name in ("config.json", "model.images.txt")]
    before = [(path.read_text(), path.stat().st_mtime_ns) for path in records]
    monkeypatch.setattr(run_record, "code_commit", lambda: "of another day")
    finished("training", **told)
    assert [(path.read_text(), path.stat().st_mtime_ns) for path in records] == before


def test_the_record_of_a_run_that_starts_anew_is_its_own(
    finished: Workflow, synthetic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"dataset_dir": synthetic, "output_dir": tmp_path}
    for commit, iterations, resume in (("first", 1, True), ("second", 1, False), ("third", 2, True)):
        monkeypatch.setattr(run_record, "code_commit", lambda commit=commit: commit)
        finished("training", **told, max_iterations=iterations, resume=resume)
    assert json.loads((tmp_path / "config.json").read_text())["commits"] == ["second", "third"]
