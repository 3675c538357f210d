# SPDX-License-Identifier: Apache-2.0
"""Weights made from data by one call: stages, held-out fold, calibration, figures and their record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from monai.bundle import ConfigWorkflow

from mt_transunet import load_network, weights_recipe
from mt_transunet.bundle_command import CONFIGS
from mt_transunet.data import load_datalist
from mt_transunet.networks import read_provenance, weights_hash
from mt_transunet.weights_recipe import make_weights

RECIPE = {
    "lite": {
        "held_out_folds": [1],
        "folds": 2,
        "view_sizes": [32, 48],
        "stages": [
            {"image_size": 32, "schedule": "constant", "max_iterations": 2, "num_layers": 1},
            {"image_size": 48, "schedule": "cosine", "max_iterations": 3, "num_layers": 1},
        ],
    }
}


FILES = {"training": ("train.json",), "evaluating": ("train.json", "evaluate.json")}
SMALL = {
    "training": {"labelled_batch": 2, "unlabelled_batch": 1, "pretrained": False, "num_workers": 0},
    "evaluating": {"num_layers": 1, "num_workers": 0, "resamples": 20},
}


class Maker:
    """Calls ``make_weights`` with the tiny recipe, in this process; keeps what was run."""

    def __init__(self, dataset: Path, folder: Path) -> None:
        self.dataset, self.output_dir = dataset, folder / "weights"
        self.recipes = folder / "weights.json"
        self.recipes.write_text(json.dumps(RECIPE))
        self.run: list[tuple[str, dict[str, Any]]] = []

    def run_bundle(self, run_id: str, overrides: dict[str, Any]) -> None:
        self.run.append((run_id, dict(overrides)))
        workflow = ConfigWorkflow(
            config_file=[str(CONFIGS / name) for name in FILES[run_id]],
            workflow_type="training",
            logging_file=False,
            **{**{key: str(v) if isinstance(v, Path) else v for key, v in overrides.items()}, **SMALL[run_id]},
        )
        workflow.initialize()
        workflow.run()
        workflow.finalize()

    def __call__(self, **arguments: Any) -> Path | None:
        self.run.clear()
        return make_weights(
            "lite",
            dataset_dir=str(self.dataset),
            additional_dir=None,
            output_dir=self.output_dir,
            recipes=self.recipes,
            **arguments,
        )


@pytest.fixture(scope="module")
def two_of_each(tmp_path_factory: pytest.TempPathFactory, synthetic: Path) -> Path:
    """The six training images, two of each diagnosis, so that they can be halved; one validation image of each."""
    lists = load_datalist(str(synthetic))
    for items in lists.values():
        for number, item in enumerate(items):
            item["label"] = number % 3
    path = tmp_path_factory.mktemp("two_of_each") / "datalist.json"
    path.write_text(json.dumps({split: lists[split] for split in ("training", "validation")}))
    return path


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory, two_of_each: Path) -> Maker:
    return Maker(two_of_each, tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="module")
def made(maker: Maker) -> tuple[Path, list[tuple[str, dict[str, Any]]], Maker]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights_recipe, "run_bundle", maker.run_bundle)
        weights = maker()
        assert weights is not None
        return weights, list(maker.run), maker


def test_every_stage_starts_from_the_weights_of_the_one_before(made) -> None:
    trained = [overrides for run_id, overrides in made[1] if run_id == "training"]
    starts = [overrides.get("initial_weights") for overrides in trained]
    folders = [overrides["output_dir"] for overrides in trained]
    assert len(trained) == 4
    assert starts == [None, folders[0] / "model.pt", None, folders[2] / "model.pt"]


def test_the_held_out_fold_is_judged_by_the_network_that_did_not_see_it(made) -> None:
    trained = [overrides for run_id, overrides in made[1] if run_id == "training" and overrides.get("fold") == 1]
    judged = [overrides for run_id, overrides in made[1] if run_id == "evaluating" and overrides.get("fold") == 1]
    assert [overrides["weights"] for overrides in judged] == [trained[-1]["output_dir"] / "model.pt"]
    assert judged[0]["folds"] == 2 and judged[0]["view_sizes"] == [32, 48]


def test_the_record_holds_what_was_measured_on_the_very_file(made) -> None:
    weights = made[0]
    record = read_provenance(weights)
    assert record["sha256"] == weights_hash(weights)
    for views, sizes in (("none", [48]), ("paper", [32, 48])):
        protocol = record["validation"][views]["protocol"]
        assert protocol["weights_sha256"] == record["sha256"] and protocol["sizes"] == sizes
    assert record["held_out"]["fold1"]["protocol"]["split"] == "fold 1 of 2"
    assert record["calibration"]["n"] == record["held_out"]["fold1"]["classification"]["n"] == 3


def test_each_stage_is_recorded_with_its_recipe_and_its_images(made) -> None:
    stages = read_provenance(made[0])["stages"]
    assert [stage["settings"]["iterations"] for stage in stages] == [2, 3]
    assert all(len(stage["settings"]["image_ids"]["training"]) == 64 for stage in stages)


def test_the_weights_load_with_their_sizes(made) -> None:
    assert load_network(made[0]).image_size == 48


def test_a_second_call_repeats_nothing(made, monkeypatch: pytest.MonkeyPatch) -> None:
    weights, _, maker = made
    before = weights.read_bytes(), weights.with_suffix(".json").read_bytes()
    monkeypatch.setattr(weights_recipe, "run_bundle", maker.run_bundle)
    assert maker() == weights
    assert maker.run == []
    assert (weights.read_bytes(), weights.with_suffix(".json").read_bytes()) == before


def test_training_that_ran_out_of_time_gives_no_weights(
    tmp_path: Path, two_of_each: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = Maker(two_of_each, tmp_path)
    monkeypatch.setattr(weights_recipe, "run_bundle", maker.run_bundle)
    assert maker(max_minutes=1e-9) is None
    assert [run_id for run_id, _ in maker.run] == ["training"]
    assert not (maker.output_dir / "lite.pt").exists()


def test_a_variant_without_a_recipe_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no recipe for 'light' in .*; choose one of lite, paper"):
        make_weights("light", dataset_dir="x", additional_dir=None, output_dir=tmp_path)


def test_every_override_of_the_recipes_is_a_key_of_the_training_config() -> None:
    keys = json.loads((CONFIGS / "train.json").read_text())
    for recipe in json.loads((CONFIGS / "weights.json").read_text()).values():
        assert {key for stage in recipe["stages"] for key in stage} <= keys.keys()
