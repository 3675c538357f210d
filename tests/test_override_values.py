# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import pytest
import torch

from mt_transunet.override_values import check_kind, require_device, require_folder

CONFIG = {
    "variant": "lite",
    "seed": 0,
    "overlays": True,
    "rate": 0.5,
    "sizes": [160, 192],
    "fold": None,
    "erase": 0.0,
    "view_sizes": "$inferers.scaled_sizes(@sizes)",
    "optimizer": {"lr": "@rate"},
    "resume": "$not @annotated",
    "views": "none",
    "max_iterations": "$@recipe['max_iterations']",
    "warmup": "$min(@recipe['warmup'], @total_iterations // 10)",
    "recipes": {"lite": {"max_iterations": 875, "warmup": 60}, "paper": {"max_iterations": 40000}},
    "save_interval": 100,
    "train": {"trainer": {"max_epochs": 3}},
}


@pytest.mark.parametrize(
    "key, typed, expected",
    [
        ("seed", "abc", "--seed abc: a whole number, such as 0 is expected"),
        ("seed", "True", "--seed True: a whole number"),
        ("max_iterations", "2.5", "--max_iterations 2.5: a whole number, such as 875 is expected"),
        ("rate", "fast", "--rate fast: a number, such as 0.5 is expected"),
        ("overlays", "5", "--overlays 5: True or False is expected"),
        ("sizes", "160", '--sizes 160: a list, such as "[160, 192]" is expected'),
        ("train::trainer::max_epochs", "x", "--train#trainer#max_epochs x: a whole number, such as 3"),
        ("resume", "false", "--resume false: write True or False"),
        ("resume", "no", "--resume no: write True or False"),
        ("warmup", "soon", "--warmup soon: a whole number, such as 60 is expected"),
        ("rate", "-0.1", "--rate -0.1: a number of 0 or more is expected"),
        ("max_iterations", "-5", "--max_iterations -5: a number of 0 or more is expected"),
        ("view_sizes", "64", '--view_sizes 64: a list, such as "[160, 192, 224]" is expected'),
        ("view_sizes", "[]", "--view_sizes []: a list"),
        ("optimizer::lr", "abc", "--optimizer#lr abc: a number, such as 0.5 is expected"),
        ("erase", "3", "--erase 3: a number between 0 and 1 is expected"),
        ("fold", "first", "--fold first: a whole number, such as 0 is expected"),
        ("max_minutes", "abc", "--max_minutes abc: a number, such as 30.0 is expected"),
        ("early_stop_patience", "-3", "--early_stop_patience -3: a number of 0 or more is expected"),
        ("save_interval", "0", "--save_interval 0: a number of 1 or more is expected"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_one_that_fits(key, typed, expected):
    with pytest.raises(ValueError, match=re.escape(expected)):
        check_kind(key, typed, CONFIG, "lite")


@pytest.mark.parametrize(
    "key, typed",
    [
        ("seed", "3"),
        ("rate", "1"),
        ("rate", "None"),
        ("overlays", "False"),
        ("overlays", "1"),
        ("sizes", "(64, 96)"),
        ("seed", "$1 + 1"),
        ("fold", "None"),
        ("fold", "2"),
        ("max_minutes", "8"),
        ("dataset_dir", "whatever"),
        ("resume", "False"),
        ("views", "paper"),
        ("max_iterations", "20"),
        ("handlers::0", "x"),
        ("train::trainer::max_epochs", "-1"),
        ("rate", "0"),
    ],
)
def test_what_fits_and_what_nothing_is_known_of_is_taken(key, typed):
    check_kind(key, typed, CONFIG, "lite")


def test_the_recipe_is_that_of_the_variant():
    with pytest.raises(ValueError, match="such as 40000"):
        check_kind("max_iterations", "x", CONFIG, "paper")


def test_a_device_that_is_not_there_is_refused_with_those_that_are():
    missing = f"cuda:{torch.cuda.device_count()}"
    with pytest.raises(ValueError, match=rf"--device {missing} cannot be used \(.+\); here there is cpu"):
        require_device(missing)


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
def test_a_device_that_is_there_is_taken(device):
    require_device(device)


def test_a_folder_below_a_file_is_refused_and_none_is_made(tmp_path):
    (tmp_path / "file").touch()
    for name in ("file", "file/x/y"):
        with pytest.raises(ValueError, match=f"--output_dir .*{name}: .*file is no folder; name another"):
            require_folder(tmp_path / name)
    require_folder(tmp_path / "new" / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_may_not_be_written_to_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("mt_transunet.override_values.os.access", lambda path, mode: path != tmp_path)
    with pytest.raises(ValueError, match=f"{tmp_path} may not be written to"):
        require_folder(tmp_path / "new")
