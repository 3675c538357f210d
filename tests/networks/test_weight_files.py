# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mt_transunet.networks.weight_files import WeightsError, read_weights, require_numbers


def test_npz_archive_gives_tensors(tmp_path):
    np.savez(tmp_path / "weights.npz", **{"a/kernel": np.arange(6, dtype=np.float32).reshape(2, 3)})
    weights = read_weights(tmp_path / "weights.npz")
    assert weights["a/kernel"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_safetensors_file_gives_tensors(tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    safetensors.save_file({"a": torch.ones(2)}, tmp_path / "weights.safetensors")
    assert read_weights(tmp_path / "weights.safetensors")["a"].tolist() == [1, 1]


def test_missing_safetensors_package_names_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    (tmp_path / "weights.safetensors").touch()
    with pytest.raises(ImportError, match="pip install safetensors"):
        read_weights(tmp_path / "weights.safetensors")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match="nowhere.pt does not exist; check the path"):
        read_weights(tmp_path / "nowhere.pt")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("text.pt", "text.pt is not a torch file of plain tensors; give the model.pt of a run"),
        ("text.npz", "text.npz is no NumPy archive"),
        ("text.safetensors", "text.safetensors is no safetensors file"),
    ],
)
def test_text_in_place_of_weights_is_refused(tmp_path, name, message):
    if name.endswith("safetensors"):
        pytest.importorskip("safetensors")
    (tmp_path / name).write_text("not weights, but long enough to be read as some header")
    with pytest.raises(WeightsError, match=message):
        read_weights(tmp_path / name)


def test_training_checkpoint_is_told_from_a_state_dict(tmp_path):
    torch.save({"network": {"a": torch.ones(1)}, "optimizer": {"state": {}}}, tmp_path / "checkpoint.pt")
    message = r"training checkpoint \(it holds 'network', 'optimizer'\), not a plain state dict; give the model.pt"
    with pytest.raises(WeightsError, match=message):
        read_weights(tmp_path / "checkpoint.pt")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.pt", b"rows of a table\n" * 4, "is not a torch file of plain tensors"),
        ("damaged.npz", b"PK\x03\x04 and nothing that follows", "is no NumPy archive of plain arrays"),
    ],
)
def test_a_file_that_begins_like_weights_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=message):
        read_weights(tmp_path / name)


def test_tensors_under_numbers_are_no_state_dict(tmp_path):
    torch.save({1: torch.ones(1)}, tmp_path / "numbers.pt")
    with pytest.raises(WeightsError, match=r"it holds 1\), not a plain state dict"):
        read_weights(tmp_path / "numbers.pt")


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.tensor([1.0, torch.nan]), "m.pt: b holds values that are no numbers; the training failed"),
        (torch.tensor([torch.inf]).half(), "m.pt: b holds values that are no numbers"),
        (torch.eye(2).to_sparse(), "m.pt: b is no dense tensor"),
    ],
)
def test_weights_that_no_network_can_answer_with_are_refused(tensor, message):
    with pytest.raises(WeightsError, match=message):
        require_numbers(Path("m.pt"), {"a": torch.ones(1), "b": tensor})


def test_counters_and_plain_numbers_are_weights():
    require_numbers(Path("m.pt"), {"a": torch.ones(2).half(), "num_batches_tracked": torch.tensor(3)})


@pytest.mark.parametrize("content", [torch.ones(2), {}])
def test_file_without_a_state_dict_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(WeightsError, match="not a state dict; give the model.pt of a run"):
        read_weights(tmp_path / "other.pt")


@pytest.mark.parametrize("name", ["model.pt", "model.npz"])
def test_a_file_that_the_system_cannot_read_is_not_called_a_foreign_one(tmp_path, monkeypatch, name):
    (tmp_path / name).write_bytes(b"weights")

    def refuse(*_, **__):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(torch, "load", refuse)
    monkeypatch.setattr(np, "load", refuse)
    with pytest.raises(WeightsError, match=f"{name} cannot be read: Input/output error"):
        read_weights(tmp_path / name)
