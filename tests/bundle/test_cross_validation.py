# SPDX-License-Identifier: Apache-2.0
"""Every image judged once, by a network that has not seen it."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mt_transunet import cross_validation
from mt_transunet.cli import main
from mt_transunet.cross_validation import cross_validate
from mt_transunet.data import fold_of, write_synthetic_dataset
from mt_transunet.networks import read_provenance, weights_hash
from mt_transunet.pooled_evaluation import pool_evaluations
from mt_transunet.reports import write_report
from mt_transunet.seen_images import learned_from

FOLDS = 2


class Commands:
    """Runs the bundle's commands in this process, and keeps what they were told."""

    def __init__(self, finished: Callable[..., Any]) -> None:
        self.finished = finished
        self.told: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, run_id: str, overrides: dict[str, Any]) -> None:
        self.told.append((run_id, overrides))
        self.finished(run_id, **overrides)

    def run(self, dataset: Path, folder: Path, **training: Any) -> Path:
        self.told.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cross_validation, "run_bundle", self)
            return cross_validate(str(dataset), folder, folds=FOLDS, views="none", training=training)


@pytest.fixture(scope="module")
def commands(finished: Callable[..., Any]) -> Commands:
    return Commands(finished)


@pytest.fixture(scope="module")
def validated(commands: Commands, synthetic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return commands.run(synthetic, tmp_path_factory.mktemp("cross"), max_iterations=2)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with open(folder / "per_image.csv") as stream:
        return list(csv.DictReader(stream))


def test_every_training_image_is_judged_once(validated, synthetic):
    images = sorted(path.stem for path in (synthetic / "ISIC-2017_Training_Data").glob("*.jpg"))
    assert sorted(row["image_id"] for row in rows_of(validated)) == images
    for fold in range(FOLDS):
        held = rows_of(validated / "folds" / str(fold) / "evaluation")
        assert {fold_of(row["image_id"], FOLDS) for row in held} == {fold}


def test_no_network_has_learned_from_what_it_is_judged_by(validated):
    metrics = json.loads((validated / "metrics.json").read_text())
    assert metrics["protocol"]["learned_from"] == 0
    learned = [learned_from(validated / "folds" / str(fold) / "training") for fold in range(FOLDS)]
    assert all(learned) and not learned[0] & learned[1]  # of two folds each is what the other trains on


def test_the_pooled_figures_are_means_over_all_images(validated):
    metrics = json.loads((validated / "metrics.json").read_text())
    jaccards = [float(row["JA"]) for row in rows_of(validated)]
    assert metrics["segmentation"]["n"] == len(jaccards) == 6
    assert metrics["segmentation"]["JA"]["value"] == pytest.approx(sum(jaccards) / 6)
    assert [fold["images"] for fold in metrics["folds"]] == [
        len(rows_of(validated / "folds" / str(fold) / "evaluation")) for fold in range(FOLDS)
    ]
    assert len(metrics["protocol"]["weights_sha256"]) == FOLDS


def test_its_page_shows_the_folds_and_pictures_of_both(validated):
    html = write_report(validated).read_text()
    assert "Fold by fold" in html and "fold 0 of 2" in html and "fold 1 of 2" in html
    shown = {row["image_id"]: f"overlay of {row['image_id']}" in html for row in rows_of(validated)}
    assert {fold_of(name, FOLDS) for name, there in shown.items() if there} == set(range(FOLDS))


def test_the_pooled_protocol_says_what_all_folds_have_in_common_and_what_the_trainings_were_told(validated, synthetic):
    protocol = json.loads((validated / "metrics.json").read_text())["protocol"]
    assert protocol["split"] == "2 folds of the training images" and protocol["views"] == "none"
    assert protocol["dataset_dir"] == str(synthetic) and protocol["training"] == {"max_iterations": "2"}


def test_a_second_call_trains_nothing_and_gives_the_same(commands, validated, synthetic):
    def weights():
        return [weights_hash(validated / "folds" / str(fold) / "training") for fold in range(FOLDS)]

    before, metrics = weights(), (validated / "metrics.json").read_bytes()
    commands.run(synthetic, validated, max_iterations=2)
    assert [run_id for run_id, _ in commands.told] == ["training"] * FOLDS  # which end at once
    assert weights() == before and (validated / "metrics.json").read_bytes() == metrics


def test_with_another_decision_the_same_networks_are_judged_anew(commands, validated, synthetic, tmp_path):
    folder = shutil.copytree(validated, tmp_path / "copy")
    commands.run(synthetic, folder, max_iterations=2, decision="half")
    assert [run_id for run_id, _ in commands.told] == ["training", "evaluating"] * FOLDS
    assert json.loads((folder / "metrics.json").read_text())["protocol"]["decision"] == "half"


def test_another_training_in_the_same_folder_is_refused(commands, validated, synthetic):
    with pytest.raises(RuntimeError) as raised:
        commands.run(synthetic, validated, max_iterations=2, seed=1)
    assert "belongs to another run (seed 0 there, 1 now)" in str(raised.value.__cause__)


def test_other_images_in_the_same_folder_are_refused(commands, validated, tmp_path):
    more = write_synthetic_dataset(tmp_path / "more", training=8, validation=1, test=1, additional=1)
    with pytest.raises(RuntimeError) as raised:
        commands.run(more, validated, max_iterations=2)
    assert "belongs to another run (images {'training': " in str(raised.value.__cause__)


def test_a_mask_corrected_since_is_refused(commands, validated, synthetic, tmp_path):
    corrected = shutil.copytree(synthetic, tmp_path / "corrected")
    mask = sorted((corrected / "ISIC-2017_Training_Part1_GroundTruth").glob("*.png"))[0]
    Image.fromarray(255 - np.asarray(Image.open(mask))).save(mask)
    with pytest.raises(RuntimeError) as raised:
        commands.run(corrected, validated, max_iterations=2)
    assert "belongs to another run (masks_and_diagnoses {'training': " in str(raised.value.__cause__)


def test_an_evaluation_by_other_masks_is_made_anew(commands, validated, synthetic, tmp_path):
    folder = shutil.copytree(validated, tmp_path / "copy")
    metrics = folder / "folds" / "1" / "evaluation" / "metrics.json"
    content = json.loads(metrics.read_text())
    content["protocol"]["masks_and_diagnoses"] = "0" * 64
    metrics.write_text(json.dumps(content))
    commands.run(synthetic, folder, max_iterations=2)
    assert [run_id for run_id, _ in commands.told] == ["training", "training", "evaluating"]


def test_the_last_weights_are_judged_for_the_best_would_be_chosen_by_the_fold(validated):
    for fold in range(FOLDS):
        record = json.loads((validated / "folds" / str(fold) / "training" / "config.json").read_text())
        assert record["settings"]["keep"] == "last"


@pytest.mark.parametrize(
    "training, told",
    [
        ({"fold": 1}, "--fold is set for every fold; leave it out"),
        ({"output_dir": "x"}, "--output_dir is set for every fold"),
        ({"keep": "best"}, "--keep best would choose weights by the fold they are judged by"),
        ({"early_stop_patience": 3}, "--early_stop_patience 3 would choose weights"),
        ({"max_minutes": 3}, "--max_minutes would judge unfinished trainings"),
        ({"config_file": "x"}, "--config_file is set for every fold"),
    ],
)
def test_what_would_flatter_the_figures_is_refused(commands, synthetic, tmp_path, training, told):
    with pytest.raises(ValueError, match=told):
        commands.run(synthetic, tmp_path, **training)
    assert commands.told == []


def test_an_empty_fold_is_refused_before_the_first_training(synthetic, tmp_path):
    with pytest.raises(ValueError, match="fold .* of 50 holds none of 6 images; take fewer folds"):
        cross_validate(str(synthetic), tmp_path, folds=50)
    assert list(tmp_path.iterdir()) == []


def test_a_single_fold_is_refused(synthetic, tmp_path):
    with pytest.raises(ValueError, match="there are at least two folds, got 1"):
        cross_validate(str(synthetic), tmp_path, folds=1)


def test_the_folder_of_a_training_is_not_written_into(synthetic, run):
    with pytest.raises(ValueError, match="holds another run; name an --output_dir of its own"):
        cross_validate(str(synthetic), run)


def test_the_folder_of_another_evaluation_is_not_written_into(synthetic, validated):
    with pytest.raises(ValueError, match="holds another run"):
        cross_validate(str(synthetic), validated / "folds" / "0" / "evaluation")


def test_words_behind_no_key_are_refused(capsys):
    assert main(["crossvalidate", "A", "B", "--seed", "1", "--zoom=2", "3"]) == 1
    assert "error: B 3 stands behind no --key" in capsys.readouterr().err


def test_an_image_in_two_folds_is_refused(validated, tmp_path):
    evaluation = validated / "folds" / "0" / "evaluation"
    with pytest.raises(ValueError, match="was evaluated in two folds"):
        pool_evaluations([evaluation, evaluation], tmp_path)


def test_folds_that_were_evaluated_differently_are_not_pooled(validated, tmp_path):
    folders = [shutil.copytree(validated / "folds" / str(n) / "evaluation", tmp_path / str(n)) for n in range(FOLDS)]
    metrics = json.loads((folders[1] / "metrics.json").read_text())
    metrics["protocol"]["views"] = "paper"
    (folders[1] / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(ValueError, match="differ in views; evaluate alike"):
        pool_evaluations(folders, tmp_path / "pooled")


def test_weights_that_had_seen_the_images_are_counted_in_the_pooled_protocol(commands, validated, synthetic, tmp_path):
    seen = validated / "folds" / "0" / "training"
    commands.run(synthetic, tmp_path, max_iterations=1, initial_weights=seen)
    protocol = json.loads((tmp_path / "metrics.json").read_text())["protocol"]
    assert protocol["learned_from"] == len(learned_from(seen))


@pytest.fixture(scope="module")
def on_all(synthetic: Path, finished: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same training on all images."""
    folder = tmp_path_factory.mktemp("all")
    finished("training", dataset_dir=synthetic, output_dir=folder, max_iterations=2, keep="last")
    return folder


def test_the_training_on_all_images_is_shipped_by_its_cross_validation(
    validated, on_all, synthetic, finished, tmp_path
):
    assert main(["ship", str(on_all), str(tmp_path / "own.pt"), "--evaluation", str(validated)]) == 0
    record = read_provenance(tmp_path / "own.pt")
    assert set(record["stages"]) == {"all", "fold0", "fold1"} and record["judged_by_others"]
    assert record["held_out"]["2 folds of the training images"]["segmentation"]["n"] == 6
    assert "a cross-validation: of 2 networks" in (tmp_path / "own.md").read_text()
    finished(
        "inference", dataset_dir=synthetic / "additional", weights=tmp_path / "own.pt", output_dir=tmp_path / "out"
    )
    assert {row["status"] for row in csv.DictReader(open(tmp_path / "out" / "predictions.csv"))} == {"ok"}


def test_a_part_of_the_images_is_not_shipped_by_the_cross_validation(validated, tmp_path, capsys):
    part = validated / "folds" / "0" / "training"
    assert main(["ship", str(part), str(tmp_path / "own.pt"), "--evaluation", str(validated)]) == 1
    assert "did not learn from the images that the cross-validation parted" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
