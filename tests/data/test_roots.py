# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from mt_transunet.data import DataError
from mt_transunet.data.roots import dataset_roots


def test_relative_names_become_absolute_and_home_is_expanded(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert dataset_roots("['a', '~/a']") == [tmp_path / "a", tmp_path / "a"]


def test_a_folder_whose_name_begins_with_a_bracket_is_a_folder(tmp_path, monkeypatch):
    (tmp_path / "[old] data").mkdir()
    monkeypatch.chdir(tmp_path)
    assert dataset_roots("[old] data") == [tmp_path / "[old] data"]


@pytest.mark.parametrize("nothing", ["", [], "[]"])
def test_naming_nothing_is_refused(nothing):
    with pytest.raises(DataError, match="names no folder"):
        dataset_roots(nothing)


@pytest.mark.parametrize("text, message", [("['a", "not a list of folders"), ("['a' 'b']", "not a list of folders")])
def test_a_broken_list_is_refused(text, message):
    with pytest.raises(DataError, match=message):
        dataset_roots(text)


@pytest.mark.parametrize("number", [2017, [2017]])
def test_a_number_is_refused_with_the_spelling_of_a_folder(number):
    with pytest.raises(DataError, match="must be a folder or .* got 2017; write a name of digits ./2017"):
        dataset_roots(number)


@pytest.mark.parametrize("name", ["2017_05", "1.10"])
def test_names_like_numbers_in_a_list_stay_as_they_are_written(tmp_path, monkeypatch, name):
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert dataset_roots(f"[{name}]") == [tmp_path / name]


def test_a_path_object_is_a_folder():
    assert dataset_roots(Path("/")) == [Path("/")]
