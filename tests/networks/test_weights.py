# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import re

import pytest
import torch

from mt_transunet.networks import (
    VARIANTS,
    build_network,
    built_as,
    load_network,
    load_weights,
    shipped_weights,
    weights,
    weights_hash,
)
from mt_transunet.networks.weights import Identity, identify


@pytest.fixture(scope="module")
def lite() -> torch.nn.Module:
    return build_network("lite", num_layers=1)


@pytest.fixture(scope="module")
def run(lite, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    torch.save(lite.state_dict(), folder / "model.pt")
    return folder


@pytest.fixture
def empty_models(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "shipped_weights", lambda variant: tmp_path / f"{variant}.pt")
    return tmp_path


@pytest.mark.parametrize(
    "identity",
    [
        Identity("lite", "efficientnet_lite2", 4, False),
        Identity("paper", "resnet50", 0, True),
        Identity("lite", "resnet34", 12, False),
    ],
)
def test_state_dict_tells_variant_encoder_layers_and_light(identity):
    with torch.device("meta"):
        network = build_network(**identity._asdict())
    assert identify(network.state_dict()) == identity


def test_state_dict_of_another_network_is_nobodys(lite):
    assert identify({"a": torch.ones(1)}) is None
    assert identify({**lite.state_dict(), "a": torch.ones(1)}) is None


def test_network_is_rebuilt_from_a_run_folder_in_eval_mode(lite, run):
    network = load_network(run)
    assert not network.training
    assert all(torch.equal(tensor, network.state_dict()[key]) for key, tensor in lite.state_dict().items())


def test_half_precision_file_loads_as_float32(lite, tmp_path):
    half = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in lite.state_dict().items()}
    torch.save(half, tmp_path / "half.pt")
    network = load_network(tmp_path / "half.pt")
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    torch.testing.assert_close(network.class_head.weight, lite.class_head.weight, rtol=1e-3, atol=1e-4)


def test_weights_go_into_an_existing_network_and_leave_its_mode(lite, run):
    network = build_network("lite", num_layers=1)
    assert load_weights(network, run / "model.pt") is network
    assert network.training and torch.equal(network.class_head.weight, lite.class_head.weight)


def ship(network, path):
    torch.save(network.state_dict(), path)
    path.with_suffix(".json").write_text(json.dumps({"sha256": weights_hash(path)}))


def test_shipped_weights_of_a_variant_are_loaded_by_its_name(empty_models):
    network = build_network("lite")
    ship(network, empty_models / "lite.pt")
    assert torch.equal(load_network("lite").class_head.weight, network.class_head.weight)


def test_shipped_file_of_another_variant_is_refused(empty_models):
    ship(build_network("lite", num_layers=0), empty_models / "paper.pt")
    with pytest.raises(ValueError, match="paper.pt holds variant 'lite'"):
        load_network("paper")


def test_shipped_weights_lie_in_the_bundle():
    assert {variant: shipped_weights(variant).parts[-3:] for variant in VARIANTS} == {
        "paper": ("bundle", "models", "paper.pt"),
        "lite": ("bundle", "models", "lite.pt"),
    }
    with pytest.raises(ValueError, match="unknown variant 'light'"):
        shipped_weights("light")


def test_variant_without_shipped_weights_names_the_command_that_trains_it(empty_models, lite):
    message = re.escape(
        "no weights ship for variant 'lite' yet; train them: python -m monai.bundle run training --config_file "
        "bundle/configs/train.json --variant lite --dataset_dir DATA, then pass --weights RUN"
    )
    with pytest.raises(ValueError, match=message):
        load_network("lite")
    with pytest.raises(ValueError, match=message):
        load_weights(lite, empty_models / "lite.pt")


def test_checkpoint_of_another_variant_names_the_switch(tmp_path, lite):
    torch.save(build_network("paper", num_layers=1).state_dict(), tmp_path / "paper.pt")
    message = "holds weights of variant 'paper' .*this network is 'lite': pass --variant paper"
    with pytest.raises(ValueError, match=message):
        load_weights(lite, tmp_path / "paper.pt", variant="lite")


def test_checkpoint_with_other_layers_names_the_arguments(run):
    network = build_network("lite", num_layers=2)
    with pytest.raises(ValueError, match="and 1 layers, this network is .*build it with .*num_layers=1"):
        load_weights(network, run)


def test_what_weights_need_a_network_to_be_built_as_is_read_from_them(run, tmp_path):
    assert built_as(run, "lite") == {"encoder": "efficientnet_lite2", "num_layers": 1, "constant_light": False}
    assert built_as(run, "paper") == {}  # loading says which variant they are of
    assert built_as(tmp_path / "nothing.pt", "lite") == {}


def test_training_checkpoint_is_refused(tmp_path, lite):
    torch.save({"network": lite.state_dict(), "optimizer": {}}, tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match="is a training checkpoint"):
        load_weights(lite, tmp_path / "checkpoint.pt")


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda state: {**state, "extra.weight": torch.ones(1)}, "extra.weight stands in only one of them"),
        (
            lambda state: {k: v for k, v in state.items() if k != "class_head.bias"},
            "class_head.bias stands in only one",
        ),
        (lambda state: {**state, "class_head.bias": torch.ones(9)}, "names agree but shapes differ"),
        (lambda state: {**state, "transformer.norm.weight": torch.tensor(1.0)}, "names agree but shapes differ"),
    ],
)
def test_foreign_state_dict_is_refused(tmp_path, lite, change, detail):
    torch.save(change(lite.state_dict()), tmp_path / "foreign.pt")
    with pytest.raises(ValueError, match=f"holds the weights of another network.*{detail}"):
        load_weights(lite, tmp_path / "foreign.pt")
    with pytest.raises(ValueError, match="holds the weights of another network; give a model.pt"):
        load_network(tmp_path / "foreign.pt")


def test_weights_that_hold_no_numbers_are_refused(tmp_path, lite):
    broken = {key: tensor.clone() for key, tensor in lite.state_dict().items()}
    broken["class_head.weight"][0, 0] = torch.nan
    torch.save(broken, tmp_path / "nan.pt")
    with pytest.raises(ValueError, match="class_head.weight holds values that are no numbers"):
        load_network(tmp_path / "nan.pt")


def test_name_that_is_neither_variant_nor_file_lists_the_variants():
    with pytest.raises(ValueError, match=r"'light' is neither a variant \(paper, lite\) nor an existing file"):
        load_network("light")


def test_run_folder_without_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no model.pt; let its training finish"):
        load_network(tmp_path)


def test_the_size_a_run_was_trained_at_goes_with_its_weights(tmp_path):
    torch.save(build_network("lite", num_layers=0).state_dict(), tmp_path / "model.pt")
    assert load_network(tmp_path).image_size == 192  # the variant's own
    (tmp_path / "config.json").write_text('{"settings": {"image_size": 64}}')
    assert load_network(tmp_path).image_size == 64
