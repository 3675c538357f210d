# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import errno
import json
import os

import pytest
import torch

from mt_transunet.atomic import save_tensors, write_bytes, write_chunks, write_csv, write_json
from mt_transunet.reports.rows import read_rows


def raising(error):
    def fail(*_args, **_kwargs):
        raise error

    return fail


def test_content_appears_under_the_name_and_nothing_beside_it(tmp_path):
    path = write_bytes(tmp_path / "new" / "folder" / "a.bin", b"abc")
    assert path.read_bytes() == b"abc" and os.listdir(path.parent) == ["a.bin"]
    write_bytes(path, b"defg")
    assert path.read_bytes() == b"defg" and os.listdir(path.parent) == ["a.bin"]


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_a_full_disk_leaves_the_old_file_and_names_file_and_remedy(tmp_path, monkeypatch, step):
    path = write_bytes(tmp_path / "checkpoint.pt", b"old")
    monkeypatch.setattr(os, step, raising(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(OSError, match="No space left on device; free some space .*checkpoint.pt'") as caught:
        write_bytes(path, b"new")
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["checkpoint.pt"]


def test_a_kill_before_the_rename_leaves_the_old_file(tmp_path, monkeypatch):
    path = write_bytes(tmp_path / "a", b"old")
    monkeypatch.setattr(os, "replace", raising(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"


def test_chunks_that_end_with_an_error_leave_the_old_file_and_nothing_beside_it(tmp_path):
    def chunks():
        yield b"half"
        raise ValueError("the other half is damaged")

    path = write_bytes(tmp_path / "a", b"old")
    with pytest.raises(ValueError, match="damaged"):
        write_chunks(path, chunks())
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["a"]


def test_a_folder_that_cannot_be_made_is_named_with_the_remedy(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="name another output_dir.*file/a.json"):
        write_json(tmp_path / "file" / "a.json", {})


def test_json_takes_values_it_does_not_know_as_text(tmp_path):
    path = write_json(tmp_path / "a.json", {"device": torch.device("cpu"), "n": 1})
    assert json.loads(path.read_text()) == {"device": "cpu", "n": 1} and path.read_text().endswith("}\n")


def test_csv_has_a_column_for_every_key_in_order_of_first_occurrence(tmp_path):
    path = write_csv(tmp_path / "a.csv", iter([{"b": 1, "a": "x,y"}, {"c": 2, "b": 3}]))
    assert list(csv.reader(path.open())) == [["b", "a", "c"], ["1", "x,y", ""], ["3", "", "2"]]


def test_tensors_come_back_as_they_were(tmp_path):
    content = {"weight": torch.arange(3.0), "step": 4}
    read = torch.load(save_tensors(tmp_path / "a.pt", content), weights_only=True)
    assert read["step"] == 4 and torch.equal(read["weight"], content["weight"])


def test_names_that_are_no_text_survive_a_table(tmp_path):
    name = os.fsdecode(b"L\xe4sion.jpg")
    path = write_csv(tmp_path / "table.csv", [{"image": name}])
    assert path.read_bytes() == b"image\nL\xe4sion.jpg\n" and read_rows(path) == [{"image": name}]


def test_a_name_of_255_bytes_can_be_written(tmp_path):
    assert write_bytes(tmp_path / ("n" * 251 + ".png"), b"x").read_bytes() == b"x"
