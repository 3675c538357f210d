# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from monai.bundle import ConfigParser

from mt_transunet.bundle_folder import bundle_folder
from mt_transunet.override_reach import without_effect

CONFIG = {
    "seed": 0,
    "rate": 0.1,
    "half": "$@rate / 2",
    "train": {"optimizer": {"lr": "@half"}, "handlers": [{"every": "@interval"}]},
    "interval": 1,
    "views": "none",
    "initialize": ["$print(@seed)"],
    "run": ["$@train#optimizer"],
    "training": "%run",
}


def unread(keys, config, run_id="training"):
    """Of overrides that give the keys the values they have."""
    parser = ConfigParser(config)
    return without_effect({key: parser[key] for key in keys}, config, run_id)


@pytest.mark.parametrize("key", ["seed", "rate", "half", "train::optimizer::lr", "train", "run::0"])
def test_what_is_referred_to_at_any_remove_has_an_effect(key):
    assert unread([key], CONFIG) == []


def test_what_another_override_refers_to_has_an_effect():
    told = {"interval": "3", "views": "all", "train::optimizer::lr": "$@rate * @interval"}
    assert without_effect(told, CONFIG, "training") == ["views"]
    assert "$" not in CONFIG["train"]["optimizer"]["lr"]  # the configs stay as they are


@pytest.mark.parametrize("key", ["views", "interval", "train::handlers::0::every"])
def test_what_nothing_refers_to_has_none(key):
    assert unread(["seed", key], CONFIG) == [key]


def shipped(*names):
    return ConfigParser.load_config_files([bundle_folder() / "configs" / f"{name}.json" for name in names])


def test_an_evaluation_reads_none_of_what_only_training_does():
    told = ["dataset_dir", "views", "labelled_batch", "optimizer::weight_decay", "resume", "seed", "weights"]
    config = shipped("train", "evaluate")
    assert unread(told, config, "evaluating") == ["labelled_batch", "optimizer::weight_decay", "resume"]


def test_every_setting_of_a_training_is_read_by_it():
    config = shipped("train")
    assert unread([key for key in config if not key.startswith("_") and key != "imports"], config) == []
