# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json

import pytest
import torch
from torch import nn

from mt_transunet.networks import (
    build_network,
    load_members,
    member_hashes,
    member_record,
    members,
    record_hash,
    trained_alike_at,
    trained_together_at,
)
from mt_transunet.networks.weight_files import WeightsError


@pytest.fixture
def runs(tmp_path):
    """Two run folders of a network with one weight, trained at 96 pixels."""
    for number in (0, 1):
        run = tmp_path / f"run{number}"
        run.mkdir()
        torch.save({"weight": torch.tensor([[float(number)]])}, run / "model.pt")
        (run / "config.json").write_text(json.dumps({"settings": {"image_size": 96, "view_sizes": [64, 96]}}))
    return [tmp_path / "run0", tmp_path / "run1"]


def test_each_member_gets_its_file_and_the_first_is_the_network_itself(runs):
    network = nn.Linear(1, 1, bias=False)
    networks = members(network, runs)
    load_members(networks, runs)
    assert networks[0] is network and [member.weight.item() for member in networks] == [0.0, 1.0]


def test_a_single_file_is_an_ensemble_of_one(runs):
    network = nn.Linear(1, 1, bias=False)
    assert members(network, runs[1]) == [network]
    load_members([network], runs[1])
    assert network.weight.item() == 1.0


def test_an_empty_list_is_refused():
    with pytest.raises(WeightsError, match="at least one file"):
        members(nn.Linear(1, 1), [])


def test_a_member_that_does_not_exist_is_named(runs, tmp_path):
    network = nn.Linear(1, 1, bias=False)
    files = [runs[0], tmp_path / "absent.pt"]
    with pytest.raises(WeightsError, match="absent.pt does not exist"):
        load_members(members(network, files), files)


def test_members_of_several_architectures_are_refused(tmp_path):
    files = [tmp_path / "plain.pt", tmp_path / "constant.pt"]
    networks = [build_network("lite", num_layers=0, constant_light=light) for light in (False, True)]
    for network, file in zip(networks, files):
        torch.save(network.state_dict(), file)
    with pytest.raises(WeightsError, match="constant.pt of .* under constant light: an ensemble is of one arch"):
        load_members(members(networks[0], files), files)


def test_hashes_are_those_of_the_files(runs):
    expected = [hashlib.sha256((run / "model.pt").read_bytes()).hexdigest() for run in runs]
    assert member_hashes(runs) == expected and member_hashes(runs[0]) == expected[0]


def test_sizes_are_those_that_all_members_were_trained_at(runs):
    assert trained_together_at(runs) == {"image_size": 96, "view_sizes": [64, 96]}


def test_members_trained_at_different_sizes_need_a_choice(runs):
    (runs[1] / "config.json").write_text(json.dumps({"settings": {"image_size": 128}}))
    with pytest.raises(WeightsError, match=r"do not have one image_size \(96 and 128\); pass --image_size"):
        trained_together_at(runs)


def test_no_preset_was_measured_for_members_trained_at_different_sizes(runs):
    assert trained_alike_at(runs) == {"image_size": 96, "view_sizes": [64, 96]}
    (runs[1] / "config.json").write_text(json.dumps({"settings": {"image_size": 128}}))
    assert trained_alike_at(runs) == {}


def test_only_a_single_file_has_a_record(runs):
    (runs[0] / "model.json").write_text(json.dumps({"sha256": "x", "figures": 1}))
    assert member_record(runs[0]) == {"sha256": "x", "figures": 1}
    assert member_record(runs[1]) == {} and member_record(runs) == {}


def test_members_with_other_views_need_a_choice(runs):
    (runs[1] / "config.json").write_text(json.dumps({"settings": {"image_size": 96, "view_sizes": [96, 128]}}))
    with pytest.raises(WeightsError, match=r"do not have one view_sizes \(\[64, 96\] and \[96, 128\]\)"):
        trained_together_at(runs)


def test_another_threshold_is_another_record():
    record = {"sha256": "x", "threshold": 0.1}
    assert (
        record_hash(record)
        == record_hash({"threshold": 0.1, "sha256": "x"})
        != record_hash({**record, "threshold": 0.2})
    )
