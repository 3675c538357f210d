# SPDX-License-Identifier: Apache-2.0
"""The three commands as they are typed, from three working directories."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from PIL import Image

PLACES = ("root", "elsewhere", "bundle")
SMALL = "--image_size 32 --num_workers 1".split()
SHORT = [*SMALL, *"--labelled_batch 4 --unlabelled_batch 1 --pretrained False --max_iterations 1".split()]


def lines(place: str, configs: Path, synthetic: Path, images: Path, output: Path) -> list[list[object]]:
    """The three commands: in the root with the README's relative paths, inside bundle/ with the plain run id."""
    where = Path("bundle/configs") if place == "root" else configs
    train, evaluate, inference = (where / f"{name}.json" for name in ("train", "evaluate", "inference"))
    names = ([], [], []) if place == "bundle" else (["training"], ["evaluating"], ["inference"])
    data = ["--dataset_dir", synthetic]
    weights = ["--weights", output / "training" / "model.pt"]
    return [
        ["run", *names[0], "--config_file", train, *data, "--output_dir", output / "training", *SHORT],
        ["run", *names[1], "--config_file", f"['{train}','{evaluate}']", *data, *weights, "--split", "test"]
        + ["--output_dir", output / "evaluating", "--views", "none", "--resamples", 20, *SMALL],
        ["run", *names[2], "--config_file", inference, "--dataset_dir", images, *weights, "--output_dir"]
        + [output / "inference", "--view_sizes", "[32]", "--num_workers", 1],
    ]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory, lesion: Callable) -> Path:
    """One image that can be read and one that cannot."""
    folder = tmp_path_factory.mktemp("images")
    Image.fromarray(lesion()[0]).save(folder / "good.jpg")
    (folder / "bad.jpg").write_text("no image")
    return folder


@pytest.fixture(scope="module")
def outcomes(
    commands: Callable, configs: Path, synthetic: Path, images: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[list, Path]]:
    """Place -> outcomes of the three commands and the folder of their outputs."""
    root = configs.parents[1]
    folders = {"root": root, "elsewhere": tmp_path_factory.mktemp("elsewhere"), "bundle": root / "bundle"}

    def everything(place: str) -> tuple[list, Path]:
        output = tmp_path_factory.mktemp(place)
        return commands(lines(place, configs, synthetic, images, output), cwd=folders[place]), output

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(PLACES, pool.map(everything, PLACES)))


@pytest.mark.parametrize("place", PLACES)
def test_training_evaluating_and_inference_end_well(outcomes: dict, place: str) -> None:
    for outcome in outcomes[place][0]:
        assert outcome.code == 0, outcome.err[-3000:]


@pytest.mark.parametrize("place", PLACES)
def test_they_write_the_files_of_the_design(outcomes: dict, place: str) -> None:
    output = outcomes[place][1]
    for name in ("model.pt", "checkpoint.pt", "history.csv", "config.json"):
        assert (output / "training" / name).is_file(), name
    assert json.loads((output / "evaluating" / "metrics.json").read_text())["segmentation"]["n"] == 3
    assert len((output / "evaluating" / "per_image.csv").read_text().splitlines()) == 1 + 3
    assert Image.open(output / "inference" / "good_mask.png").size == (96, 64)
    assert (output / "inference" / "report.html").is_file()


def test_the_working_directory_changes_no_weight(outcomes: dict) -> None:
    first, *others = (torch.load(outcomes[place][1] / "training" / "model.pt") for place in PLACES)
    assert all(torch.equal(first[key], other[key]) for other in others for key in first)


def test_a_run_notes_its_command_and_its_configs(outcomes: dict, synthetic: Path) -> None:
    record = json.loads((outcomes["elsewhere"][1] / "training" / "config.json").read_text())
    assert record["overrides"]["dataset_dir"] == str(synthetic)
    assert record["overrides"]["max_iterations"] in (1, "1")
    assert record["config"]["train"]["trainer"]["_target_"] == "SupervisedTrainer"


def test_evaluating_prints_split_n_views_and_intervals(outcomes: dict) -> None:
    printed = outcomes["root"][0][1].out
    for words in ("split test", "views none", "95%", "segmentation, n = 3", "classification, n = 3", "JA: 0."):
        assert words in printed, words


def test_an_unreadable_image_is_listed_last_and_spoils_nothing(outcomes: dict, images: Path) -> None:
    outcome, output = outcomes["elsewhere"][0][2], outcomes["elsewhere"][1]
    assert outcome.code == 0
    ours = [line for line in outcome.out.splitlines() if "mt_transunet" in line]
    assert f"not processed: {images / 'bad.jpg'}: cannot identify image file" in ours[-1]
    with open(output / "inference" / "predictions.csv") as stream:
        status = {Path(row["image"]).name: row["status"] for row in csv.DictReader(stream)}
    assert status == {"good.jpg": "ok", "bad.jpg": "cannot identify image file"}


def test_nothing_is_left_in_the_working_directory(outcomes: dict, configs: Path) -> None:
    assert {path.name for path in configs.parent.iterdir()} <= {
        "configs",
        "docs",
        "models",
        "LICENSE",
        "large_files.yml",
    }
