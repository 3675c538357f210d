# SPDX-License-Identifier: Apache-2.0
"""The verbs of ``mt-transunet``."""

from __future__ import annotations

import json
import subprocess

import pytest
from PIL import Image

from mt_transunet import CLASS_NAMES, bundle_command, demo
from mt_transunet.atomic import write_csv
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


def test_a_file_is_split_and_joined_again(tmp_path, capsys):
    path, carried = tmp_path / "checkpoint.pt", tmp_path / "carried"
    path.write_bytes(bytes(range(256)) * 2**12 + b"and a little more than a mebibyte")
    assert main(["split", str(path), str(carried), "--mebibytes", "1"]) == 0
    names = ["checkpoint.pt.000", "checkpoint.pt.001", "checkpoint.pt.pieces.json"]
    assert capsys.readouterr().out.splitlines() == [str(carried / name) for name in names]
    assert main(["join", str(carried), str(tmp_path / "again.pt")]) == 0
    assert (tmp_path / "again.pt").read_bytes() == path.read_bytes()


def test_join_names_the_piece_that_is_missing(tmp_path, capsys):
    (tmp_path / "checkpoint.pt").write_bytes(b"content")
    main(["split", str(tmp_path / "checkpoint.pt"), str(tmp_path / "carried")])
    (tmp_path / "carried" / "checkpoint.pt.000").unlink()
    assert main(["join", str(tmp_path / "carried"), str(tmp_path / "again.pt")]) == 1
    assert "error: " in (told := capsys.readouterr().err) and "lacks checkpoint.pt.000" in told


def write_evaluation(folder, jaccards, **columns):
    """The table that an evaluation leaves; ``jaccards`` by image_id."""
    chances = dict(zip(CLASS_NAMES, (0.5, 0.3, 0.2)))
    shared = {"DI": 0.5, "AC": 0.5, "SE": 0.5, "SP": 0.5, "label": -1, **chances, **columns}
    write_csv(folder / "per_image.csv", [{"image_id": name, "JA": value, **shared} for name, value in jaccards.items()])
    return str(folder)


def compared(printed):
    """The lines from the head of the table on."""
    lines = printed.splitlines()
    return lines[next(number for number, line in enumerate(lines) if line.startswith("figure")) :]


def test_compare_prints_what_the_second_evaluation_gains(tmp_path, capsys):
    a = write_evaluation(tmp_path / "a", {"0012": 0.5, "0013": 0.625, "other": 0.1})
    b = write_evaluation(tmp_path / "b", {"0012": 0.625, "0013": 1.0})  # gains of 0.125 and 0.375
    assert main(["compare", a, b]) == 0
    printed = capsys.readouterr().out
    lines = compared(printed)
    assert printed.startswith(f"A  {a}\nB  {b}\n")
    assert lines[1].split() == ["JA", "0.562", "0.812", "+0.250", "[+0.125,", "+0.375]"]
    assert lines[3].split() == ["melanoma", "AUC", "-", "-", "-"]
    assert lines[-1] == "n = 2 images in both, 1 only in A, 0 only in B"


def test_compare_aligns_its_columns_on_the_right(tmp_path, capsys):
    a = write_evaluation(tmp_path / "a", {"x": 0.5})
    assert main(["compare", a, a]) == 0
    lines = compared(capsys.readouterr().out)
    assert lines[-1] == "n = 1 images in both"
    assert lines[1].split() == ["JA", "0.500", "0.500", "+0.000", "[-,", "-]"]  # one image makes no interval
    assert {len(line.split(" [")[0]) for line in lines[:-1]} == {26 + 7 + 8 + 9}


def test_compare_says_how_the_two_were_made_differently(tmp_path, capsys):
    a, b = (write_evaluation(tmp_path / name, {"x": 0.5}) for name in "ab")
    for name, views in (("a", "fast"), ("b", "paper")):
        protocol = {"variant": "lite", "split": "val", "views": views, "learned_from": 1 if name == "b" else 0}
        (tmp_path / name / "metrics.json").write_text(json.dumps({"protocol": protocol}))
    assert main(["compare", a, b, "--page", str(tmp_path / "page.html")]) == 0
    printed = capsys.readouterr().out
    assert f"A  {a} (lite, val, views fast)\nB  {b} (lite, val, views paper)\n   views: 'fast' and 'paper'\n" in printed
    assert "The weights of B learned from 1 of these images: its figures are too good." in printed
    assert printed.endswith(f"{tmp_path / 'page.html'}\n") and (tmp_path / "page.html").is_file()


def test_compare_names_the_folder_without_an_evaluation(tmp_path, capsys):
    a = write_evaluation(tmp_path / "a", {"x": 0.5})
    assert main(["compare", a, str(tmp_path)]) == 1
    assert f"{tmp_path} holds no per_image.csv; name the output_dir of an evaluation" in capsys.readouterr().err


def test_an_unknown_verb_is_a_wrong_command_line(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["train"])
    assert exit_.value.code == 2


def test_demo_looks_with_the_shipped_weights_and_then_trains_on_from_them(tmp_path, monkeypatch, capsys):
    commands = []

    def run(command):
        commands.append(command)
        folder = tmp_path / command[command.index("--output_dir") + 1]
        folder.mkdir(parents=True)
        (folder / "history.csv").write_text("iteration,epoch,loss\n1,1,0.5\n")
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(bundle_command.subprocess, "run", run)
    monkeypatch.setattr(demo, "synthetic_dataset", lambda root: root)
    # an earlier demonstration's: mkdir above fails unless they have gone
    (tmp_path / "evaluation-1-as-shipped").mkdir()
    (tmp_path / "evaluation-2-after-training").mkdir()
    (tmp_path / "training").mkdir()
    assert main(["demo", "--output_dir", str(tmp_path), "--iterations", "7"]) == 0
    assert [command[4] for command in commands] == ["inference", "evaluating", "training", "evaluating"]
    assert "--weights" not in commands[0] + commands[1]
    assert commands[2][commands[2].index("--max_iterations") + 1] == "7"
    assert commands[2][commands[2].index("--initial_weights") + 1].endswith("lite.pt")
    page = capsys.readouterr().out.strip().splitlines()[-1].split(": ")[1]
    assert page == str((tmp_path / "report.html").resolve())
    content = (tmp_path / "report.html").read_text()
    assert "Every image on this page is synthetic" in content.split("<main>")[0]
    assert content.index("evaluation-1-as-shipped</h2>") < content.index("evaluation-2-after-training</h2>")


def test_demo_names_the_step_that_failed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bundle_command.subprocess, "run", lambda command: subprocess.CompletedProcess(command, 1))
    monkeypatch.setattr(demo, "synthetic_dataset", lambda root: root)
    assert main(["demo", "--output_dir", str(tmp_path)]) == 1
    assert "inference failed; the command and its message stand above" in capsys.readouterr().err
