# SPDX-License-Identifier: Apache-2.0
"""Weights made from data by one call: stages, held-out fold, calibration, figures and their record."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import ConfigWorkflow

from mt_transunet import load_network, training_runs
from mt_transunet.bundle_command import CONFIGS
from mt_transunet.data import write_synthetic_dataset
from mt_transunet.networks import read_provenance, weights_hash
from mt_transunet.shipping import make_weights
from mt_transunet.shipping import recipe as recipe_module
from mt_transunet.training_runs import TimeIsUp

RECIPE = {
    "lite": {
        "held_out_folds": [1],
        "num_folds": 2,
        "image_size": 48,
        "view_sizes": [32, 48],
        "stages": [
            {"image_size": 32, "schedule": "constant", "max_iterations": 2, "num_layers": 1},
            {"image_size": 48, "schedule": "cosine", "max_iterations": 3, "num_layers": 1, "seeds": [0, 1]},
        ],
    }
}


FILES = {"training": ("train.json",), "evaluating": ("train.json", "evaluate.json")}
SMALL = {
    "training": {"labelled_batch": 2, "unlabelled_batch": 1, "pretrained": False, "num_workers": 0},
    "evaluating": {"num_workers": 0, "resamples": 20},
}


class Maker:
    """Calls ``make_weights`` with the tiny recipe, in this process; keeps what was run."""

    def __init__(self, dataset: Path, folder: Path) -> None:
        self.dataset, self.output_dir = dataset, folder / "weights"
        self.recipes = folder / "recipes.json"
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

    def replaces_commands(self, patch: pytest.MonkeyPatch) -> None:
        for module in (recipe_module, training_runs):
            patch.setattr(module, "run_bundle", self.run_bundle)

    def __call__(self, **arguments: Any) -> Path:
        self.run.clear()
        return make_weights(
            "lite",
            output_dir=self.output_dir,
            **{
                "data": {"dataset_dir": str(self.dataset), "additional_dir": None},
                "recipes": self.recipes,
                **arguments,
            },
        )


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory, synthetic: Path) -> Maker:
    return Maker(synthetic, tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="module")
def made(maker: Maker) -> tuple[Path, list[tuple[str, dict[str, Any]]], Maker]:
    with pytest.MonkeyPatch.context() as patch:
        maker.replaces_commands(patch)
        weights = maker()
        assert weights is not None
        return weights, list(maker.run), maker


def test_every_stage_starts_from_the_weights_of_the_one_before(made) -> None:
    trained = [overrides for run_id, overrides in made[1] if run_id == "training"]
    starts = [overrides.get("initial_weights") for overrides in trained]
    folders = [overrides["output_dir"] for overrides in trained]
    assert [folder.name for folder in folders] == ["stage1", "stage2-1", "stage2-2"] * 2
    assert starts == [None, *[folders[0] / "model.pt"] * 2, None, *[folders[3] / "model.pt"] * 2]


def test_the_seeds_of_a_stage_end_in_the_mean_of_their_weights(made) -> None:
    folder = made[0].parent / "all"
    seeds = [json.loads((folder / f"stage2-{n}" / "config.json").read_text())["settings"]["seed"] for n in (1, 2)]
    assert seeds == [0, 1]
    branches = [torch.load(folder / f"stage2-{branch}" / "model.pt")["class_head.weight"] for branch in (1, 2)]
    mean = torch.load(folder / "stage2.pt")["class_head.weight"]
    assert not torch.equal(*branches)
    torch.testing.assert_close(mean, (branches[0] + branches[1]) / 2)


def test_the_held_out_fold_is_judged_by_the_network_that_did_not_see_it(made) -> None:
    judged = [overrides for run_id, overrides in made[1] if run_id == "evaluating" and overrides.get("fold") == 1]
    assert [overrides["weights"] for overrides in judged] == [made[0].parent / "fold1" / "stage2.pt"]
    assert judged[0]["num_folds"] == 2 and judged[0]["view_sizes"] == [32, 48]


def test_the_record_holds_what_was_measured_on_the_very_file(made) -> None:
    weights = made[0]
    record = read_provenance(weights)
    assert record["sha256"] == weights_hash(weights)
    for views, sizes in (("none", [48]), ("fast", [48]), ("paper", [32, 48])):
        protocol = record["validation"][views]["protocol"]
        assert protocol["weights_sha256"] == record["sha256"] and protocol["sizes"] == sizes
    assert record["held_out"]["fold1"]["protocol"]["split"] == "fold 1 of 2"
    assert record["calibration"]["n"] == record["held_out"]["fold1"]["classification"]["n"] == 4


def test_each_stage_is_recorded_with_its_recipe_and_its_images(made) -> None:
    stages = read_provenance(made[0])["stages"]
    assert stages.keys() == {"all", "fold1"}
    for runs in stages.values():
        assert [stage["settings"]["iterations"] for stage in runs] == [2, 3, 3]
    of_all, of_fold = (stages[name][1]["settings"] for name in ("all", "fold1"))
    assert (of_all["images"]["training"], of_fold["images"]["training"]) == (6, 2)
    assert of_fold["image_ids"]["validation"] == read_provenance(made[0])["held_out"]["fold1"]["protocol"]["image_ids"]


def test_the_weights_load_with_their_sizes(made) -> None:
    assert load_network(made[0]).image_size == 48


def test_a_second_call_trains_nothing_and_gives_the_same_file(made, monkeypatch: pytest.MonkeyPatch) -> None:
    weights, _, maker = made
    before = weights.read_bytes(), weights.with_suffix(".json").read_bytes()
    maker.replaces_commands(monkeypatch)
    for name in ("fold1-evaluation", "validation-fast"):  # as if of other weights, which evaluating alone would refuse
        metrics = weights.parent / name / "metrics.json"
        metrics.write_text(json.dumps({"protocol": {"weights_sha256": "0" * 64}}))
    assert maker() == weights
    assert {run_id for run_id, _ in maker.run} == {"evaluating"}
    assert (weights.read_bytes(), weights.with_suffix(".json").read_bytes()) == before


def test_runs_of_another_recipe_in_the_folder_are_refused(made, tmp_path: Path) -> None:
    maker = made[2]
    recipe = json.loads(maker.recipes.read_text())
    recipe["lite"]["stages"][0]["image_size"] = 64
    (tmp_path / "recipes.json").write_text(json.dumps(recipe))
    with pytest.raises(ValueError, match="stage1 was told another image_size; remove it, or give another output_dir"):
        maker(recipes=tmp_path / "recipes.json")


@contextmanager
def written_down(run: Path, change: Callable[[dict[str, Any]], Any]) -> Iterator[None]:
    """For as long as the block lasts a run has other settings in its record."""
    record = run / "config.json"
    before = record.read_text()
    content = json.loads(before)
    change(content["settings"])
    record.write_text(json.dumps(content))
    try:
        yield
    finally:
        record.write_text(before)


def test_a_stage_that_started_from_other_weights_is_refused(made) -> None:
    maker = made[2]
    with written_down(
        maker.output_dir / "all" / "stage2-2", lambda settings: settings.update(initial_weights="0" * 64)
    ):
        with pytest.raises(ValueError, match="stage2-2 was told another initial_weights"):
            maker()


def test_stages_trained_on_other_images_are_refused(made, tmp_path: Path) -> None:
    other = write_synthetic_dataset(tmp_path / "other", training=5, validation=3, test=1, additional=1)
    with pytest.raises(ValueError, match="stage1 was told another image_ids, masks_and_diagnoses; remove it"):
        made[2](data={"dataset_dir": str(other)})


def test_the_images_may_have_moved(made, synthetic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = made[2]
    maker.replaces_commands(monkeypatch)
    moved = shutil.copytree(synthetic, tmp_path / "moved")
    maker(data={"dataset_dir": str(moved)})
    assert {run_id for run_id, _ in maker.run} == {"evaluating"}


def test_a_setting_that_an_older_record_lacks_had_its_default(made, tmp_path: Path) -> None:
    maker = made[2]
    recipe = json.loads(maker.recipes.read_text())
    recipe["lite"]["stages"][0]["zoom"] = [0.75, 1.8]
    (tmp_path / "recipes.json").write_text(json.dumps(recipe))
    with written_down(maker.output_dir / "all" / "stage1", lambda settings: settings.pop("zoom")):
        with pytest.raises(ValueError, match="stage1 was told another zoom"):
            maker(recipes=tmp_path / "recipes.json")


def test_training_that_ran_out_of_time_gives_no_weights(
    tmp_path: Path, synthetic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = Maker(synthetic, tmp_path)
    maker.replaces_commands(monkeypatch)
    with pytest.raises(TimeIsUp, match="stage1 goes on"):
        maker(max_minutes=1e-4)
    assert [run_id for run_id, _ in maker.run] == ["training"]
    assert not (maker.output_dir / "lite.pt").exists()


def test_a_call_with_a_limit_that_has_trained_leaves_the_evaluations_to_the_next(
    tmp_path: Path, synthetic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = Maker(synthetic, tmp_path)
    maker.replaces_commands(monkeypatch)
    with pytest.raises(TimeIsUp, match="the evaluations are left"):
        maker(max_minutes=60)
    assert [run_id for run_id, _ in maker.run] == ["training"] * 6
