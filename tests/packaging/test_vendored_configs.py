# SPDX-License-Identifier: Apache-2.0
"""Configs rewritten for a bundle that carries its code."""

from __future__ import annotations

import json
import re

import pytest

from mt_transunet.bundle_command import CONFIGS
from mt_transunet.packaging.configs import module_aliases, vendored

ALIASES = {"data": "mt_transunet.data", "networks": "mt_transunet.networks"}


def expression(text: str) -> str:
    return vendored({"key": text}, variant="lite", aliases=ALIASES)["key"]


def test_own_modules_are_told_from_those_of_others():
    imports = [
        "$import sys",
        "$from ignite.engine import Events",
        "$import mt_transunet",
        "$import mt_transunet.a as b",
    ]
    assert module_aliases({"imports": imports}) == {"mt_transunet": "mt_transunet", "b": "mt_transunet.a"}


def test_an_import_that_cannot_be_packaged_is_refused():
    with pytest.raises(ValueError, match="write import module as name"):
        module_aliases({"imports": ["$from mt_transunet.data import load_datalist"]})


@pytest.mark.parametrize(
    ("written", "packed"),
    [
        ("$data.f(networks.g(@x))", "$@code::data.f(@code::networks.g(@x))"),
        ("$[data.a, *data.b]", "$[@code::data.a, *@code::data.b]"),
        ("$@data.f + @networks", "$@data.f + @networks"),
        ("$len(@train#dataset#data) + self.data.f", "$len(@train#dataset#data) + self.data.f"),
        ("$'data.csv'", "$'data.csv'"),
        ("data.f", "data.f"),
    ],
)
def test_names_of_own_modules_become_references_and_nothing_else_does(written, packed):
    assert expression(written) == packed


def test_components_of_the_package_ask_for_its_folder_first():
    config = {"a": [{"_target_": "mt_transunet.losses.X"}, {"_target_": "Compose"}]}
    own, other = vendored(config, variant="lite", aliases={})["a"]
    assert own == {"_target_": "mt_transunet.losses.X", "_requires_": "@code_path"} and other == config["a"][1]


@pytest.mark.parametrize("name", ["train.json", "inference.json"])
def test_no_packed_config_imports_the_package_before_its_folder_is_known(name):
    config = json.loads((CONFIGS / name).read_text())
    packed = vendored(config, variant="paper", aliases=module_aliases(config))
    assert packed["variant"] == "paper" and not module_aliases(packed)
    names = "|".join(module_aliases(config))
    assert not re.findall(rf'"\$(?:[^"]*[^\w@.:#\'"])?(?:{names})\.\w+', json.dumps(packed))
