# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import subprocess
import sys

import monai
import pytest
import torch

from mt_transunet import run_record
from mt_transunet.run_record import code_commit, write_run_record


def test_started_from_python_it_holds_settings_and_versions(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/env/bin/pytest", "run"])
    path = write_run_record(tmp_path / "run", {"seed": 1, "device": torch.device("cpu")})
    record = json.loads(path.read_text())
    assert path == tmp_path / "run" / "config.json"
    assert record["settings"] == {"seed": 1, "device": "cpu"} and record["threads"] == torch.get_num_threads()
    assert record["versions"]["torch"] == torch.__version__ and record["versions"]["monai"] == monai.__version__
    assert "config" not in record and "overrides" not in record


def test_every_precision_a_run_was_computed_in_is_recorded_in_order(tmp_path):
    for precision in ("bf16", "bf16", "fp32"):  # begun on one machine, finished on another
        path = write_run_record(tmp_path, {}, precision=precision)
    assert json.loads(path.read_text())["precisions"] == ["bf16", "fp32"]


def test_started_as_a_bundle_it_adds_overrides_and_the_merged_config(tmp_path, monkeypatch):
    for name, content in {"a": {"x": 1, "y": {"z": 2}}, "b": {"y#z": 3}}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    files = str([str(tmp_path / "a.json"), str(tmp_path / "b.json")])
    monkeypatch.setattr(sys, "argv", ["/monai/bundle/__main__.py", "run", "--config_file", files, "--x", "7"])
    record = json.loads(write_run_record(tmp_path, {}).read_text())
    assert record["overrides"] == {"x": "7"} and record["config"] == {"x": 1, "y": {"z": 3}}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository of one commit that the package pretends to stand in, and that commit."""
    package = tmp_path / "package"
    package.mkdir()
    source = package / "run_record.py"
    source.write_text("1")
    monkeypatch.setattr(run_record, "__file__", str(source))

    def git(*words):
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        return subprocess.run(["git", "-C", tmp_path, *identity, *words], check=True, capture_output=True, text=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    return source, git("rev-parse", "HEAD").stdout.strip()


def test_the_commit_is_that_of_the_source_tree(checkout):
    assert code_commit() == checkout[1]


def test_a_changed_file_shows_behind_the_commit(checkout):
    source, commit = checkout
    source.write_text("2")
    assert code_commit() == f"{commit}+changes"


def test_there_is_no_commit_outside_a_source_tree(tmp_path, monkeypatch):
    monkeypatch.setattr(run_record, "__file__", str(tmp_path / "package" / "run_record.py"))
    assert code_commit() is None


def test_a_run_that_goes_on_with_other_code_lists_both_commits(tmp_path, monkeypatch):
    for commit in ("first", "first", "second"):
        monkeypatch.setattr(run_record, "code_commit", lambda commit=commit: commit)
        path = write_run_record(tmp_path, {})
    assert json.loads(path.read_text())["commits"] == ["first", "second"]


def test_versions_and_threads_of_earlier_stretches_stand_in_front(tmp_path, monkeypatch):
    for version, threads in (("2.13.0", 1), ("2.13.0", 1), ("2.15.0", 2), ("2.15.0", 2)):
        monkeypatch.setattr(run_record, "_package_versions", lambda version=version: {"torch": version, "numpy": "2.4"})
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        record = json.loads(write_run_record(tmp_path, {}).read_text())
    assert (record["versions"]["torch"], record["versions"]["numpy"]) == ("2.13.0, then 2.15.0", "2.4")
    assert record["threads"] == "1, then 2"


def test_a_package_that_earlier_stretches_had_stays_named(tmp_path, monkeypatch):
    for versions in ({"scipy": "1.17"}, {"numpy": "2.4"}):
        monkeypatch.setattr(run_record, "_package_versions", lambda versions=versions: versions)
        record = json.loads(write_run_record(tmp_path, {}).read_text())
    assert {"scipy": "1.17", "numpy": "2.4"}.items() <= record["versions"].items()


def test_a_run_that_starts_anew_takes_nothing_over(tmp_path, monkeypatch):
    for commit, threads, goes_on in (("first", 1, False), ("second", 2, False), ("third", 3, True)):
        monkeypatch.setattr(run_record, "code_commit", lambda commit=commit: commit)
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        record = json.loads(write_run_record(tmp_path, {}, goes_on=goes_on).read_text())
    assert (record["commits"], record["threads"]) == (["second", "third"], "2, then 3")


@pytest.mark.parametrize("content", ["{", "[1]"])
def test_a_damaged_earlier_record_is_replaced(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    assert len(json.loads(write_run_record(tmp_path, {}).read_text())["commits"]) == 1


def test_a_package_that_is_not_installed_is_left_out_of_the_versions(tmp_path, monkeypatch):
    monkeypatch.setattr(run_record, "PACKAGES", ("torch", "no-such-package"))
    assert json.loads(write_run_record(tmp_path, {}).read_text())["versions"].keys() == {"python", "torch"}
