# SPDX-License-Identifier: Apache-2.0
"""Every image judged once, by a network that has not seen it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mt_transunet import cross_validation, training_runs
from mt_transunet.cross_validation import cross_validate, pool_evaluations
from mt_transunet.data import fold_of
from mt_transunet.reports import write_report
from mt_transunet.seen_images import seen_images

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
            for module in (cross_validation, training_runs):
                patch.setattr(module, "run_bundle", self)
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
    learned = [seen_images(validated / "folds" / str(fold) / "training") for fold in range(FOLDS)]
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


def test_its_page_shows_the_folds_and_the_pictures_of_all(validated):
    html = write_report(validated).read_text()
    assert "Fold by fold" in html and "fold 0 of 2" in html and "fold 1 of 2" in html
    for fold in range(FOLDS):  # two images at each end of six, from whichever fold
        assert list((validated / "folds" / str(fold) / "evaluation").glob("*_overlay.jpg"))
    assert "overlay of " in html


def test_a_second_call_trains_nothing_and_gives_the_same(commands, validated, synthetic):
    before = (validated / "metrics.json").read_bytes()
    commands.run(synthetic, validated, max_iterations="2")  # as a command line gives it
    assert [run_id for run_id, _ in commands.told] == ["evaluating"] * FOLDS
    assert (validated / "metrics.json").read_bytes() == before


def test_another_training_in_the_same_folder_is_refused(commands, validated, synthetic):
    with pytest.raises(ValueError, match="was told another max_iterations; remove it, or give another output_dir"):
        commands.run(synthetic, validated, max_iterations=3)


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


def test_an_image_in_two_folds_is_refused(validated, tmp_path):
    evaluation = validated / "folds" / "0" / "evaluation"
    with pytest.raises(ValueError, match="was evaluated in two folds"):
        pool_evaluations([evaluation, evaluation], tmp_path)
