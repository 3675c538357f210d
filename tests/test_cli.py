# SPDX-License-Identifier: Apache-2.0
"""The verbs of ``mt-transunet``."""

from __future__ import annotations

import subprocess

import pytest
from PIL import Image

from mt_transunet import demo
from mt_transunet.cli import main
from mt_transunet.data import write_synthetic_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_synthetic_dataset(
        tmp_path_factory.mktemp("data") / "set", training=2, validation=1, test=1, additional=1
    )


def test_check_data_prints_what_was_found_and_returns_zero(dataset, capsys):
    assert main(["check-data", str(dataset), "--additional_dir", str(dataset / "additional")]) == 0
    assert "training: 2 images, 2 with mask" in capsys.readouterr().out


def test_check_data_returns_one_when_something_is_to_be_repaired(dataset, tmp_path, capsys):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "images" / "fine.png")
    (tmp_path / "images" / "broken.jpg").write_text("no image")
    assert main(["check-data", str(tmp_path / "images")]) == 1
    assert "broken.jpg" in capsys.readouterr().out


def test_check_data_of_a_folder_that_does_not_exist_names_it(tmp_path, capsys):
    assert main(["check-data", str(tmp_path / "absent")]) == 1
    assert "absent does not exist" in capsys.readouterr().out


def test_report_of_a_folder_that_is_no_run_says_what_was_looked_for(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 1
    assert "history.csv" in capsys.readouterr().err


def test_an_unknown_verb_is_a_wrong_command_line(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["train"])
    assert exit_.value.code == 2


def test_demo_runs_the_three_commands_of_the_readme_in_turn(tmp_path, monkeypatch, capsys):
    commands = []

    def run(command):
        commands.append(command)
        folder = tmp_path / command[command.index("--output_dir") + 1]
        folder.mkdir(parents=True)
        (folder / "history.csv").write_text("iteration,epoch,loss\n1,1,0.5\n")
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(demo.subprocess, "run", run)
    monkeypatch.setattr(demo, "synthetic_dataset", lambda root: root)
    assert main(["demo", "--output_dir", str(tmp_path), "--iterations", "7"]) == 0
    assert [command[4] for command in commands] == ["training", "evaluating", "inference"]
    assert commands[0][commands[0].index("--max_iterations") + 1] == "7"
    page = capsys.readouterr().out.strip().splitlines()[-1].split(": ")[1]
    assert page == str((tmp_path / "report.html").resolve())


def test_demo_names_the_step_that_failed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(demo.subprocess, "run", lambda command: subprocess.CompletedProcess(command, 1))
    monkeypatch.setattr(demo, "synthetic_dataset", lambda root: root)
    assert main(["demo", "--output_dir", str(tmp_path)]) == 1
    assert "the demo's training failed" in capsys.readouterr().err
