# SPDX-License-Identifier: Apache-2.0
"""The recipes as they are written, and how their overrides reach a command."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import fire
import pytest

from mt_transunet import bundle_command
from mt_transunet.bundle_command import CONFIGS
from mt_transunet.shipping import make_weights


def test_the_commands_of_the_recipe_are_read_as_they_were_meant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    typed: list[list[str]] = []
    ok = subprocess.CompletedProcess([], 0)
    monkeypatch.setattr(bundle_command.subprocess, "run", lambda command: typed.append(command) or ok)
    losses = {"mask": 1.0, "class": 0.5}
    told = {"dataset_dir": "['a b','c']", "loss_weights": losses, "view_sizes": [32, 48], "initial_weights": tmp_path}
    bundle_command.run_bundle("training", told)
    words = typed[0][typed[0].index("run") + 2 :]
    # fire, which reads the command line for MONAI, gives each word as a Python literal where it is one
    read = {key[2:]: fire.parser.DefaultParseValue(value) for key, value in zip(words[::2], words[1::2])}
    assert read["dataset_dir"] == ["a b", "c"] and read["loss_weights"] == losses
    assert read["view_sizes"] == [32, 48] and read["initial_weights"] == str(tmp_path)


def test_a_variant_without_a_recipe_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no recipe for 'light' in .*; choose one of lite, paper"):
        make_weights("light", data={"dataset_dir": "x"}, output_dir=tmp_path)


def test_every_override_of_the_recipes_is_a_key_of_the_training_config() -> None:
    keys = {*json.loads((CONFIGS / "train.json").read_text()), "seeds"}
    for recipe in json.loads((CONFIGS / "recipes.json").read_text()).values():
        assert {key for stage in recipe["stages"] for key in stage} <= keys
