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


def test_an_entry_that_is_no_path_is_refused():
    with pytest.raises(DataError, match="must be a folder or a list of folders, got 5"):
        dataset_roots([5])
    assert dataset_roots(Path("/")) == [Path("/")]
