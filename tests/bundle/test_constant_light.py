# SPDX-License-Identifier: Apache-2.0
"""Weights trained under constant light are used so by every command, without being told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from monai.bundle import ConfigParser, ConfigWorkflow

from mt_transunet.bundle_weights import put_weights
from mt_transunet.networks.light import ShadesOfGrey

Workflow = Callable[..., ConfigWorkflow]


@pytest.fixture(scope="module")
def trained(finished: Workflow, synthetic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("constant")
    finished("training", dataset_dir=synthetic, output_dir=folder, max_iterations=1, constant_light=True)
    return folder


def settings(run: Path) -> dict:
    return json.loads((run / "config.json").read_text())["settings"]


@pytest.mark.parametrize("command, images", [("evaluating", "."), ("inference", "additional")])
def test_the_network_of_the_command_has_it(finished, synthetic, trained, tmp_path, command, images):
    workflow = finished(command, dataset_dir=synthetic / images, weights=trained, output_dir=tmp_path)
    assert isinstance(workflow.parser.get_parsed_content("network_def").light, ShadesOfGrey)


def test_training_that_goes_on_from_them_has_it(finished, synthetic, trained, tmp_path):
    finished("training", dataset_dir=synthetic, output_dir=tmp_path, max_iterations=1, initial_weights=trained)
    assert settings(trained)["constant_light"] is True and settings(tmp_path)["constant_light"] is True


def test_an_annotation_server_that_serves_them_trains_them_so(configs, trained, tmp_path):
    put_weights(trained, tmp_path, "lite")
    parser = ConfigParser()
    parser.read_config(str(configs / "train.json"))
    items = [{"image": "lesion.png", "label": "lesion_mask.png"}]
    parser.update({"bundle_root": str(tmp_path), "image_size": 32, "train#dataset#data": items})
    assert isinstance(parser.get_parsed_content("network_def").light, ShadesOfGrey)


def test_a_training_without_the_key_has_it_not(run):
    assert settings(run)["constant_light"] is False
