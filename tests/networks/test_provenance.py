# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json

import pytest
import torch

from mt_transunet.networks import build_network, load_network, load_weights, trained_at, weights
from mt_transunet.networks.provenance import check_provenance, read_provenance
from mt_transunet.networks.weight_files import WeightsError


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Weights of a small network where the shipped ones are looked for, with their record."""
    path = tmp_path / "lite.pt"
    torch.save(build_network("lite", num_layers=0).state_dict(), path)
    record = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "image_size": 64, "view_sizes": [32, 64]}
    path.with_suffix(".json").write_text(json.dumps(record))
    monkeypatch.setattr(weights, "shipped_weights", lambda variant: tmp_path / f"{variant}.pt")
    return path


def test_weights_that_are_the_file_of_their_record_load(shipped):
    assert load_network("lite").image_size == 64


def test_a_file_with_one_changed_bit_is_refused_by_name_and_hash(shipped):
    content = bytearray(shipped.read_bytes())
    content[len(content) // 2] ^= 1
    shipped.write_bytes(content)
    found = hashlib.sha256(content).hexdigest()[:12]
    with pytest.raises(
        WeightsError, match=f"lite.pt is not the file that lite.json describes: SHA-256 {found}.*restore"
    ):
        load_network("lite")


def test_another_networks_file_in_their_place_is_refused(shipped):
    torch.save(build_network("lite", num_layers=0).state_dict(), shipped)
    with pytest.raises(WeightsError, match="is not the file that lite.json describes"):
        load_weights(build_network("lite", num_layers=0), shipped)


def test_shipped_weights_without_their_record_are_refused(shipped):
    shipped.with_suffix(".json").unlink()
    with pytest.raises(WeightsError, match="has no provenance record lite.json beside it"):
        load_network("lite")


def test_weights_of_ones_own_need_no_record(tmp_path):
    torch.save(build_network("lite", num_layers=0).state_dict(), tmp_path / "mine.pt")
    check_provenance(tmp_path / "mine.pt")
    assert read_provenance(tmp_path / "mine.pt") is None


@pytest.mark.parametrize("content", ["{", "[]", '{"hash": 1}'])
def test_a_record_that_is_none_is_refused(shipped, content):
    shipped.with_suffix(".json").write_text(content)
    with pytest.raises(WeightsError, match="lite.json is no provenance record"):
        load_network("lite")


def test_the_sizes_of_a_record_are_those_to_use_the_weights_with(shipped):
    assert trained_at(shipped) == {"image_size": 64, "view_sizes": [32, 64]}


def test_a_run_folder_tells_its_sizes_by_its_settings(tmp_path):
    torch.save({"a": torch.ones(1)}, tmp_path / "model.pt")
    assert trained_at(tmp_path) == {}
    (tmp_path / "config.json").write_text('{"settings": {"image_size": 96, "view_sizes": [64, 96, 128], "seed": 1}}')
    assert trained_at(tmp_path) == trained_at(tmp_path / "model.pt") == {"image_size": 96, "view_sizes": [64, 96, 128]}


@pytest.mark.parametrize("content", ["{", "[]", '{"settings": {"image_size": "big"}}'])
def test_a_runs_record_that_cannot_be_read_is_named(tmp_path, content):
    torch.save({"a": torch.ones(1)}, tmp_path / "model.pt")
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(WeightsError, match="config.json is no record of a run"):
        trained_at(tmp_path)


@pytest.mark.parametrize("content", ['{"settings": null}', '{"settings": {"image_size": 192.0}}'])
def test_a_runs_record_may_say_nothing_or_say_it_in_decimals(tmp_path, content):
    (tmp_path / "model.pt").touch()
    (tmp_path / "config.json").write_text(content)
    assert trained_at(tmp_path).get("image_size", 192) == 192
