# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json
import os
import tracemalloc

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from torch import nn

from mt_transunet.engines import RunCheckpoint
from mt_transunet.pieces import join, split

SIZE = 2000


@pytest.fixture
def source(tmp_path):
    """``source(length)`` writes a file of as many bytes of noise."""

    def write(length=2 * SIZE + 500, seed=0):
        path = tmp_path / "run" / "checkpoint.pt"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(np.random.default_rng(seed).bytes(length))
        return path

    return write


@pytest.fixture
def carried(tmp_path, source):
    """A folder with three pieces, of 2000, 2000 and 500 bytes."""
    split(source(), tmp_path / "carried", SIZE)
    return tmp_path / "carried"


@pytest.mark.parametrize(
    ("length", "sizes"),
    [(0, []), (1, [1]), (SIZE, [SIZE]), (SIZE + 1, [SIZE, 1]), (3 * SIZE, 3 * [SIZE])],
)
def test_pieces_are_full_but_for_the_last(tmp_path, source, length, sizes):
    *pieces, manifest = split(source(length), tmp_path / "carried", SIZE)
    assert [piece.stat().st_size for piece in pieces] == sizes
    assert [piece.name for piece in pieces] == [f"checkpoint.pt.{number:03d}" for number in range(len(sizes))]
    assert sorted(os.listdir(tmp_path / "carried")) == sorted(path.name for path in [*pieces, manifest])


@pytest.mark.parametrize("length", [0, 1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE])
def test_a_file_comes_back_byte_for_byte(tmp_path, source, length):
    path = source(length)
    split(path, tmp_path / "carried", SIZE)
    assert join(tmp_path / "carried", tmp_path / "again.pt").read_bytes() == path.read_bytes()


def test_the_manifest_says_what_the_pieces_and_the_whole_are(tmp_path, source):
    path = source()
    *pieces, manifest = split(path, tmp_path / "carried", SIZE)
    assert manifest.name == "checkpoint.pt.pieces.json" and manifest.stat().st_size <= SIZE
    told, whole = json.loads(manifest.read_text()), path.read_bytes()
    assert (told["name"], told["bytes"]) == ("checkpoint.pt", 4500)
    assert told["sha256"] == hashlib.sha256(whole).hexdigest()
    assert told["pieces"][2] == {
        "name": "checkpoint.pt.002",
        "bytes": 500,
        "sha256": hashlib.sha256(whole[4000:]).hexdigest(),
    }


def test_a_real_checkpoint_goes_on_after_the_journey(tmp_path):
    network = nn.Linear(40, 30)
    optimizer = torch.optim.AdamW(network.parameters())

    def step(*_):
        network(torch.ones(1, 40)).sum().backward()
        optimizer.step()

    def checkpoint(path):
        return RunCheckpoint(path, objects={"network": network, "adam": optimizer}, identity={}, max_iterations=4)

    engine = Engine(step)
    checkpoint(tmp_path / "checkpoint.pt").attach(engine)
    engine.run(range(2), max_epochs=2)
    trained = network.weight.detach().clone()
    assert len(split(tmp_path / "checkpoint.pt", tmp_path / "carried", SIZE)) > 5
    nn.init.zeros_(network.weight)
    checkpoint(join(tmp_path / "carried", tmp_path / "there" / "checkpoint.pt")).load(engine)
    assert torch.equal(network.weight, trained) and engine.state.iteration == 4


def test_neither_way_holds_the_file_in_memory(tmp_path, source):
    path = source(24 * 2**20)
    tracemalloc.start()
    split(path, tmp_path / "carried", 8 * 2**20)
    join(tmp_path / "carried", tmp_path / "again.pt")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 2**20


def test_a_smaller_set_leaves_nothing_of_the_larger_one_before(tmp_path, source, carried):
    (carried / "checkpoint.pt.txt").write_text("not a piece")
    path = source(700, seed=1)
    split(path, carried, SIZE)
    assert sorted(os.listdir(carried)) == ["checkpoint.pt.000", "checkpoint.pt.pieces.json", "checkpoint.pt.txt"]
    assert join(carried, tmp_path / "again.pt").read_bytes() == path.read_bytes()


def test_a_set_whose_writing_was_cut_off_has_no_manifest(tmp_path, source, carried, monkeypatch):
    monkeypatch.setattr("mt_transunet.pieces.write_bytes", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        split(source(seed=1), carried, SIZE)
    with pytest.raises(ValueError, match=r"carried holds no \*.pieces.json, .*: split the file again or carry it over"):
        join(carried, tmp_path / "again.pt")


@pytest.mark.parametrize("change", [lambda b: b"x" + b[1:], lambda b: b[:-1], lambda b: b + b"x", lambda b: b""])
def test_an_altered_piece_is_named_and_nothing_is_written(tmp_path, carried, change):
    piece = carried / "checkpoint.pt.001"
    piece.write_bytes(change(piece.read_bytes()))
    (tmp_path / "again.pt").write_bytes(b"older")
    with pytest.raises(ValueError, match="checkpoint.pt.001 is not the piece that was split .*: carry it over again"):
        join(carried, tmp_path / "again.pt")
    assert (tmp_path / "again.pt").read_bytes() == b"older" and not list(tmp_path.glob(".again*"))


def test_missing_pieces_are_named(tmp_path, carried):
    (carried / "checkpoint.pt.000").unlink()
    (carried / "checkpoint.pt.002").unlink()
    with pytest.raises(ValueError, match="carried lacks checkpoint.pt.000, checkpoint.pt.002: carry that over again"):
        join(carried, tmp_path / "again.pt")


def test_a_piece_of_an_older_set_is_named(tmp_path, carried):
    (carried / "checkpoint.pt.003").write_bytes(b"from before")
    with pytest.raises(ValueError, match="checkpoint.pt.003, which checkpoint.pt.pieces.json does not list: remove"):
        join(carried, tmp_path / "again.pt")


def test_a_piece_of_another_file_under_the_right_name_is_named(tmp_path, source, carried):
    pieces = split(source(seed=1), tmp_path / "other", SIZE)
    os.replace(pieces[0], carried / "checkpoint.pt.000")
    with pytest.raises(ValueError, match="checkpoint.pt.000 is not the piece that was split"):
        join(carried, tmp_path / "again.pt")


def edited(carried, **changes):
    path = carried / "checkpoint.pt.pieces.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    "changes",
    [{"name": "../checkpoint.pt"}, {"bytes": 7}, {"pieces": [{"name": "/etc/passwd"}]}, {"pieces": None}],
)
def test_a_manifest_that_is_none_is_refused(tmp_path, carried, changes):
    edited(carried, **changes)
    with pytest.raises(ValueError, match="checkpoint.pt.pieces.json is no list of the pieces of a file: split"):
        join(carried, tmp_path / "again.pt")


def test_a_whole_that_differs_though_its_pieces_do_not_is_refused(tmp_path, carried):
    edited(carried, sha256="0" * 64)
    with pytest.raises(ValueError, match="checkpoint.pt.pieces.json does not describe its own pieces: split the file"):
        join(carried, tmp_path / "again.pt")


def test_among_the_pieces_of_several_files_the_manifest_is_to_be_named(tmp_path, carried):
    other = tmp_path / "model.pt"
    other.write_bytes(b"weights")
    manifest = split(other, carried, SIZE)[-1]
    with pytest.raises(ValueError, match="carried holds the pieces of several files: name one of .*model.pt.pieces"):
        join(carried, tmp_path / "again.pt")
    assert join(manifest, tmp_path / "again.pt").read_bytes() == b"weights"


@pytest.mark.parametrize("size", [0, 4, 500])  # no piece, more than a thousand, a longer manifest
def test_pieces_that_would_be_too_small_are_refused_before_anything_is_written(tmp_path, source, size):
    with pytest.raises(ValueError, match=f"4500 bytes, too many for pieces of {size}: .*; allow larger pieces"):
        split(source(), tmp_path / "carried", size)
    assert not (tmp_path / "carried").exists()


def test_a_file_that_is_written_to_while_it_is_split_is_refused(tmp_path, source, monkeypatch):
    path = source()
    check = "mt_transunet.pieces._check_size"
    monkeypatch.setattr(check, lambda *_: path.write_bytes(b"shorter"))
    with pytest.raises(ValueError, match="checkpoint.pt changed while it was split: split it again"):
        split(path, tmp_path / "carried", SIZE)


def test_a_folder_is_no_file_to_write(tmp_path, carried):
    with pytest.raises(ValueError, match="is a folder: name the file to write, such as .*checkpoint.pt"):
        join(carried, tmp_path)
