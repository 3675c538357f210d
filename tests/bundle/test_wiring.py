# SPDX-License-Identifier: Apache-2.0
"""The configs as MONAI's tools see them: properties, targets, networks, ``bundle.load``."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow, load
from monai.bundle.config_item import ComponentLocator, ConfigComponent
from monai.bundle.utils import ID_SEP_KEY

from mt_transunet.inferers import resolve_precision
from mt_transunet.transforms import RandLesionAffined

LOCATOR = ComponentLocator()  # one for all: it looks through the whole of MONAI
COMMANDS = {"training": ["train"], "evaluating": ["train", "evaluate"], "inference": ["inference"]}
COMPOSED = {
    **COMMANDS,
    "federated": ["train", "federated"],
    "training by several": ["train", "multi_gpu_train"],
    "evaluating by several": ["train", "evaluate", "multi_gpu_evaluate"],
    "TensorRT": ["inference", "inference_trt"],
}


def loaded(configs: Path, command: str) -> dict[str, Any]:
    return ConfigParser.load_config_files([str(configs / f"{name}.json") for name in COMPOSED[command]])


def targets(config: Any) -> Iterator[str]:
    """Every ``_target_`` of a nested config."""
    if isinstance(config, dict):
        if "_target_" in config:
            yield config["_target_"]
        for value in config.values():
            yield from targets(value)
    elif isinstance(config, list):
        for value in config:
            yield from targets(value)


def expressions(config: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(config, dict):
        for key, value in config.items():
            yield from expressions(value, f"{path}{ID_SEP_KEY}{key}".removeprefix(ID_SEP_KEY))
    elif isinstance(config, list):
        for index, value in enumerate(config):
            yield from expressions(value, f"{path}{ID_SEP_KEY}{index}")
    elif isinstance(config, str) and config.startswith(("$", "@", "%")):
        yield path, config


@pytest.mark.parametrize("command", COMPOSED)
def test_every_target_resolves(configs: Path, command: str) -> None:
    for target in sorted(set(targets(loaded(configs, command)))):
        component = ConfigComponent({"_target_": target, "_mode_": "callable"}, id=target, locator=LOCATOR)
        assert callable(component.instantiate()), target


@pytest.mark.parametrize("command", COMPOSED)
def test_every_reference_names_a_key(configs: Path, command: str) -> None:
    parser = ConfigParser(loaded(configs, command))
    for path, text in expressions(parser.get()):
        for name in parser.ref_resolver.match_refs_pattern(parser.resolve_relative_ids(path, text)):
            assert name in parser, f"{path}: {text}"


@pytest.mark.parametrize("command", COMPOSED)
def test_expressions_are_one_line_of_logic(configs: Path, command: str) -> None:
    assert [text for _, text in expressions(loaded(configs, command)) if len(text) > 130 or ";" in text] == []


@pytest.mark.parametrize("command", ["training", "inference"])
def test_the_required_properties_are_there_and_the_optional_ones_are_named_right(
    prepared: Callable[..., ConfigWorkflow], synthetic: Path, run: Path, tmp_path: Path, command: str
) -> None:
    workflow = prepared(command, dataset_dir=synthetic, output_dir=tmp_path / "run", weights=run)
    workflow.initialize()
    assert workflow.check_properties() == []


@pytest.mark.parametrize("split", ["val", "test"])
def test_evaluating_has_the_properties_of_a_training_workflow(
    configs: Path, synthetic: Path, run: Path, tmp_path: Path, split: str
) -> None:
    workflow = ConfigWorkflow(
        config_file=[str(configs / "train.json"), str(configs / "evaluate.json")],
        workflow_type="training",
        logging_file=False,
        weights=str(run),
        split=split,
        dataset_dir=str(synthetic),
        output_dir=str(tmp_path),
    )
    workflow.initialize()
    assert workflow.check_properties() == []


def test_a_workflow_shows_its_parts_by_the_names_of_monai(
    prepared: Callable[..., ConfigWorkflow], synthetic: Path, tmp_path: Path
) -> None:
    workflow = prepared("training", dataset_dir=synthetic, output_dir=tmp_path)
    workflow.initialize()
    assert Path(workflow.bundle_root).name == "bundle" and (Path(workflow.bundle_root) / "configs").is_dir()
    assert workflow.dataset_dir == str(synthetic)
    assert isinstance(workflow.device, torch.device)
    assert len(workflow.train_dataset_data) == 6 and len(workflow.val_dataset_data) == 3
    assert workflow.val_interval == 1
    workflow.max_epochs = 2
    assert workflow.parser.get_parsed_content("total_iterations") == 4


@pytest.mark.parametrize("variant", ["lite", "paper"])
def test_training_evaluating_and_inference_describe_the_same_network(
    prepared: Callable[..., ConfigWorkflow], variant: str
) -> None:
    described = []
    for command in COMMANDS:
        with torch.device("meta"):
            network = prepared(command, variant=variant, pretrained=False).parser.get_parsed_content("network_def")
        layers = re.sub(
            r"Dropout\(p=[\d.]+", "Dropout(", str(network)
        )  # the recipe's business: it acts in training alone
        described.append((layers, {key: tuple(value.shape) for key, value in network.state_dict().items()}))
    assert described[0] == described[1] == described[2]


def test_every_config_has_the_keys_of_the_design_and_one_default_variant(configs: Path) -> None:
    always = {"variant", "bundle_root", "dataset_dir", "output_dir", "device", "seed", "run"}
    more = {
        "training": {"additional_dir", "max_iterations", "resume", "training"},
        "evaluating": {"split", "weights", "views", "evaluating"},
        "inference": {"weights", "views", "inference"},
    }
    for command in COMMANDS:
        config = loaded(configs, command)
        assert always | more[command] <= set(config)
        assert config["variant"] == "lite"
        assert config[command] == "%run"
        assert config["initialize"][0] == "$overrides.check_overrides(sys.argv)"


@pytest.mark.parametrize(("command", "name"), [("training", "training"), ("evaluating", "evaluating")])
def test_outputs_lie_under_runs_by_variant_and_command(
    prepared: Callable[..., ConfigWorkflow], command: str, name: str
) -> None:
    workflow = prepared(command, variant="paper")
    assert workflow.parser.get_parsed_content("output_dir") == f"runs/paper-{name}"


def test_outputs_of_inference_lie_under_runs(prepared: Callable[..., ConfigWorkflow]) -> None:
    assert prepared("inference").parser.get_parsed_content("output_dir") == "runs/lite-inference"


def test_both_recipes_have_the_same_entries_and_each_is_a_key(configs: Path) -> None:
    config = loaded(configs, "training")
    paper, lite = config["recipes"]["paper"], config["recipes"]["lite"]
    assert set(paper) == set(lite) <= set(config)
    assert set(paper["loss_weights"]) == set(lite["loss_weights"])
    assert (paper["labelled_batch"], paper["unlabelled_batch"]) == (4, 4)


def test_views_have_the_same_sizes_in_training_and_inference(configs: Path) -> None:
    recipes, sizes = loaded(configs, "training")["recipes"], loaded(configs, "inference")["all_view_sizes"]
    assert {name: recipe["view_sizes"] for name, recipe in recipes.items()} == sizes


def test_the_range_of_the_zoom_is_that_of_the_warp(prepared: Callable[..., ConfigWorkflow]) -> None:
    warps = prepared("training", zoom=[0.5, 2.0]).parser.get_parsed_content("train#preprocessing").transforms
    assert [warp.zoom for warp in warps if isinstance(warp, RandLesionAffined)] == [[0.5, 2.0]]


@pytest.mark.parametrize("iterations, warmup", [(875, 60), (240, 24), (9, 0)])
def test_the_warm_up_is_at_most_a_tenth_of_the_run(
    prepared: Callable[..., ConfigWorkflow], iterations: int, warmup: int
) -> None:
    parser = prepared("training", max_iterations=iterations).parser
    assert parser.get_parsed_content("warmup_iterations") == warmup


@pytest.mark.parametrize("command", ["evaluating", "inference"])
def test_figures_and_answers_are_those_of_float32_on_every_machine(
    prepared: Callable[..., ConfigWorkflow], command: str
) -> None:
    assert prepared(command).parser.get_parsed_content("one_pass").precision == "fp32"


@pytest.mark.parametrize("command", ["evaluating", "inference"])
def test_members_trained_at_different_sizes_answer_at_the_size_that_is_chosen(
    prepared: Callable[..., ConfigWorkflow], run: Path, tmp_path: Path, command: str
) -> None:
    shutil.copytree(run, tmp_path / "other")
    record = json.loads((run / "config.json").read_text())
    record["settings"]["image_size"] *= 2
    (tmp_path / "other" / "config.json").write_text(json.dumps(record))
    sizes = {"image_size": 32, "view_sizes": [32]}
    parser = prepared(command, weights=[str(run), str(tmp_path / "other")], **sizes).parser
    assert parser.get_parsed_content("view_sizes") == [32] and parser.get_parsed_content("measured_as") == "custom"


def test_a_training_writes_down_the_precision_that_auto_became(prepared: Callable[..., ConfigWorkflow]) -> None:
    parser = prepared("training", device="$torch.device('cpu')").parser
    assert parser.get_parsed_content("arithmetic") == resolve_precision("auto", "cpu")
    assert prepared("training", precision="bf16").parser.get_parsed_content("arithmetic") == "bf16"


@pytest.mark.parametrize("workflow_type", ["train", "inference"])
def test_bundle_load_gives_the_trained_network(configs: Path, run: Path, tmp_path: Path, workflow_type: str) -> None:
    shutil.copytree(configs.parent / "configs", tmp_path / "lesions" / "configs")
    (tmp_path / "lesions" / "models").mkdir()
    shutil.copy(run / "model.pt", tmp_path / "lesions" / "models" / "model.pt")
    (tmp_path / "arguments.json").write_text(
        json.dumps({"weights": str(run), "pretrained": False, "logging_file": False})
    )
    network = load(
        "lesions",
        bundle_dir=str(tmp_path),
        workflow_type=workflow_type,
        device="cpu",
        args_file=str(tmp_path / "arguments.json"),
    )
    saved = torch.load(run / "model.pt", weights_only=True)
    assert all(torch.equal(network.state_dict()[key], value) for key, value in saved.items())
    answer = network.eval()(torch.rand(1, 3, 32, 48))
    assert {key: tuple(value.shape) for key, value in answer.items()} == {
        "mask_logits": (1, 2, 32, 48),
        "level_set": (1, 1, 32, 48),
        "class_logits": (1, 3),
        "attention": (1, 2, 3),
    }


def test_metadata_names_its_own_version_in_the_changelog(configs: Path) -> None:
    metadata = json.loads((configs / "metadata.json").read_text())
    assert metadata["version"] in metadata["changelog"]
    assert metadata["monai_version"] and metadata["pytorch_version"] and metadata["numpy_version"]


def test_both_overlays_for_several_processes_say_the_same_where_both_speak(configs: Path) -> None:
    train, evaluate = (json.loads((configs / f"multi_gpu_{name}.json").read_text()) for name in ("train", "evaluate"))
    shared = train.keys() & evaluate.keys()
    assert shared >= {"device", "rank", "num_replicas", "+initialize", "finalize"}
    assert {key: train[key] for key in shared} == {key: evaluate[key] for key in shared}
