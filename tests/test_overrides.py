# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import sys

import pytest

from mt_transunet.overrides import UnknownOverrideError, check_overrides, parse_command, refuse_stray_words

MAIN = "/env/lib/python3.11/site-packages/monai/bundle/__main__.py"
CONFIG = {
    "training": [],
    "dataset_dir": None,
    "output_dir": "runs",
    "resume": True,
    "learning_rate": 0.1,
    "train": {"trainer": {"max_epochs": 3}, "handlers": [{"name": "a"}, "b"]},
}


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back what check_overrides hooks
    path = tmp_path / "train.json"
    path.write_text(json.dumps(CONFIG))
    return str(path)


def command(*words, main=MAIN):
    return [main, "run", "training", *words]


def overrides(*words):
    return parse_command(command(*words)).overrides


@pytest.mark.parametrize(
    "words, expected",
    [
        (["--seed", "3"], {"seed": "3"}),
        (["--seed=3", "--a", "x=y"], {"seed": "3", "a": "x=y"}),
        (["--floor", "-5", "--rate", "-1e-4"], {"floor": "-5", "rate": "-1e-4"}),
        (["--resume", "--seed", "1"], {"resume": "True", "seed": "1"}),
        (["--noresume"], {"resume": "False"}),
        (["--normalise", "x"], {"normalise": "x"}),
        (["--output-dir", "a-b"], {"output_dir": "a-b"}),
        (["-s", "1"], {"s": "1"}),
        (["--train#trainer#max_epochs", "1"], {"train::trainer::max_epochs": "1"}),
        (["--train::trainer::max_epochs=1"], {"train::trainer::max_epochs": "1"}),
        (["--seed", "1", "--", "--verbose"], {"seed": "1"}),
        ([], {}),
    ],
)
def test_words_are_read_as_fire_reads_them(words, expected):
    assert overrides(*words) == expected


@pytest.mark.parametrize(
    "typed, expected",
    [("a.json", ("a.json",)), ("['a.json', 'b.json']", ("a.json", "b.json")), ("a.json,b.json", ("a.json", "b.json"))],
)
def test_config_files_are_one_or_several(typed, expected):
    assert parse_command(command("--config_file", typed)).config_files == expected
    assert parse_command(command(f"--config-file={typed}")).config_files == expected


def test_the_command_s_own_arguments_are_no_overrides():
    own = ["--run_id", "x", "--init_id", "y", "--final_id", "z", "--meta_file", "m", "--logging_file", "l"]
    assert overrides("--config_file", "c", *own) == {}
    tracked = ["--tracking", "mlflow", "--tracking_uri", "here", "--experiment_name", "e", "--seed", "1"]
    assert overrides(*tracked) == {"seed": "1"}


def test_an_args_file_contributes_its_keys_and_typed_ones_win(tmp_path):
    path = tmp_path / "args.json"
    path.write_text(json.dumps({"config_file": ["a.json", "b.json"], "seed": 1, "train#x": 2}))
    parsed = parse_command(command("--args_file", str(path), "--seed", "5"))
    assert parsed.config_files == ("a.json", "b.json") and parsed.overrides == {"seed": "5", "train::x": 2}


@pytest.mark.parametrize(
    "argv",
    [
        [],
        [""],
        [MAIN],
        [MAIN, "verify_metadata", "--datset_dir", "x"],
        ["/env/bin/pytest", "run", "--datset_dir", "x"],
        ["/home/monai/lib/pytest/__main__.py", "run", "--datset_dir", "x"],
    ],
)
def test_other_commands_are_none_of_its_business(argv):
    assert parse_command(argv) is None
    check_overrides(argv)


@pytest.mark.parametrize("main", [MAIN, r"C:\env\monai\bundle\__main__.py", "/opt/monai/bundle"])
def test_the_command_is_known_however_python_was_started(main):
    # torchrun starts "python -u -m monai.bundle run ...": the same argv in every process
    assert parse_command(command("--seed", "1", main=main)).overrides == {"seed": "1"}


@pytest.mark.parametrize(
    "key",
    ["dataset_dir", "train#trainer#max_epochs", "train::trainer", "train#handlers#0#name", "train::handlers::1"]
    + ["_meta_#version", "output-dir"],
)
def test_known_keys_pass(config, key):
    check_overrides(command("--config_file", config, f"--{key}", "None"))


@pytest.mark.parametrize("before", [True, False])
def test_a_word_without_its_key_is_refused(config, before):
    key = ["--config_file", config]
    words = ["output_dir=x", *key] if before else [*key, "output_dir=x"]
    with pytest.raises(UnknownOverrideError, match="'output_dir=x' belongs to no --key: write --key value"):
        refuse_stray_words(command(*words))
    refuse_stray_words([MAIN, "run", *key, "--run_id", "training"])
    refuse_stray_words(command("train", *key, "--", "--trace"))  # MONAI's init_id, a key of the config
    refuse_stray_words(command("initialize", "finalize", *key))  # which it takes where there are none
    refuse_stray_words(command("initialize", "finalize", "metadata.json", config))


def test_a_folder_whose_name_monai_would_change_is_refused(config):
    with pytest.raises(ValueError, match="--dataset_dir a#b: MONAI takes # for its separator"):
        check_overrides(command("--config_file", config, "--dataset_dir", "a#b"))
    check_overrides(command("--config_file", config, "--dataset_dir", "$@train#dir"))


@pytest.mark.parametrize("typed", [["--output_dir", ""], ["--output_dir="]])
def test_a_key_without_a_value_is_refused(config, typed):
    with pytest.raises(ValueError, match="--output_dir has no value"):
        check_overrides(command("--config_file", config, *typed))


@pytest.mark.parametrize("name, number", [("2017", "2017"), ("2017_05", "201705"), ("20.5", "20.5")])
def test_a_folder_that_would_be_read_as_a_number_is_refused_with_another_spelling(config, name, number):
    with pytest.raises(ValueError, match=f"--output_dir {name} is read as the number {number}; write ./{name}"):
        check_overrides(command("--config_file", config, "--output_dir", name))
    check_overrides(command("--config_file", config, "--output_dir", f"./{name}", "--dataset_dir", "None"))


def test_a_number_in_an_args_file_is_no_folder(config, tmp_path):
    path = tmp_path / "args.json"
    path.write_text(json.dumps({"config_file": config, "dataset_dir": 2017}))
    with pytest.raises(ValueError, match="--dataset_dir 2017 is read as the number 2017; write ./2017"):
        check_overrides(command("--args_file", str(path)))


def test_weights_of_a_loss_may_be_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    path = tmp_path / "train.json"
    path.write_text(json.dumps({"training": [], "loss": {"class_weights": None}, "weights": None}))
    check_overrides(command("--config_file", str(path), "--loss#class_weights", "2"))
    with pytest.raises(ValueError, match="--weights 2 is read as the number 2; write ./2"):
        check_overrides(command("--config_file", str(path), "--weights", "2"))


def test_a_mistyped_key_stops_with_the_nearest_names(config):
    with pytest.raises(
        UnknownOverrideError, match="--datset_dir stands in none of .*train.json: did you mean"
    ) as error:
        check_overrides(command("--config_file", config, "--datset_dir", "D"))
    assert "--dataset_dir" in str(error.value)


def test_a_mistyped_nested_key_is_shown_as_it_was_typed(config):
    with pytest.raises(
        UnknownOverrideError, match="^--train#trainer#max_epoch .*did you mean --train#trainer#max_epochs"
    ):
        check_overrides(command("--config_file", config, "--train#trainer#max_epoch", "1"))


def test_a_key_like_none_points_to_the_file(config):
    with pytest.raises(UnknownOverrideError, match="see the top of the config file"):
        check_overrides(command("--config_file", config, "--zzzzzzzz", "1"))


def test_keys_of_every_given_file_count(config, tmp_path):
    overlay = tmp_path / "overlay.json"
    overlay.write_text(json.dumps({"split": "val", "train#trainer#amp": True, "+train": {"new": 1}}))
    both = command("--config_file", f"['{config}', '{overlay}']")
    for key in ("split", "train#trainer#amp", "train#trainer#max_epochs", "train#new"):
        check_overrides([*both, f"--{key}", "None"])
    with pytest.raises(UnknownOverrideError, match="train.json, .*overlay.json"):
        check_overrides([*both, "--spilt", "test"])


def test_a_value_of_another_kind_is_refused(config):
    with pytest.raises(ValueError, match="--learning_rate fast: a number, such as 0.1 is expected"):
        check_overrides(command("--config_file", config, "--learning_rate", "fast"))


def test_without_a_config_file_monai_speaks_first():
    check_overrides(command("--datset_dir", "x"))


def test_a_hint_never_names_what_only_reports_a_value(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    path = tmp_path / "train.json"
    path.write_text(json.dumps({"training": [], "dataset_dir": None, "settings": {"dataset_dir": "@dataset_dir"}}))
    with pytest.raises(UnknownOverrideError) as caught:
        check_overrides(command("--config_file", str(path), "--datset_dir", "x"))
    assert "did you mean --dataset_dir?" in str(caught.value)


def test_a_mistyped_run_id_names_the_nearest(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    path = tmp_path / "train.json"
    path.write_text(json.dumps({"run": [], "training": "%run"}))
    argv = command("--config_file", str(path))
    check_overrides(argv)
    argv[2] = "trainning"
    with pytest.raises(UnknownOverrideError, match="no 'trainning' to run in .*: did you mean training"):
        check_overrides(argv)
