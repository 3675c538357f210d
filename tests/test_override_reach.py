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


@pytest.mark.parametrize("key", ["seed", "rate", "half", "train::optimizer::lr", "train", "run::0"])
def test_what_is_referred_to_at_any_remove_has_an_effect(key):
    assert without_effect([key], CONFIG, "training") == []


def test_what_another_override_refers_to_has_an_effect():
    assert without_effect(["interval"], {**CONFIG, "rate": "$@interval / 3"}, "training") == []


@pytest.mark.parametrize("key", ["views", "interval", "train::handlers::0::every"])
def test_what_nothing_refers_to_has_none(key):
    assert without_effect(["seed", key], CONFIG, "training") == [key]


def test_an_overlay_counts_where_it_will_stand():
    overlay = {**CONFIG, "train#optimizer#momentum": "@interval"}
    assert without_effect(["interval", "views"], overlay, "training") == ["views"]


def shipped(*names):
    return ConfigParser.load_config_files([bundle_folder() / "configs" / f"{name}.json" for name in names])


def test_an_evaluation_reads_none_of_what_only_training_does():
    told = ["dataset_dir", "views", "labelled_batch", "optimizer::lr", "resume", "seed", "weights"]
    config = shipped("train", "evaluate")
    assert without_effect(told, config, "evaluating") == ["labelled_batch", "optimizer::lr", "resume"]


def test_every_setting_of_a_training_is_read_by_it():
    config = shipped("train")
    settings = [key for key in config if not key.startswith("_") and key != "imports"]
    assert without_effect(settings, config, "training") == []
