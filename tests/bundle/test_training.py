# SPDX-License-Identifier: Apache-2.0
"""What the training command leaves behind, and what ends it."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.bundle import ConfigWorkflow
from PIL import Image

from mt_transunet.networks import build_network, load_network

Workflow = Callable[..., ConfigWorkflow]


def history(run: Path) -> list[dict[str, str]]:
    with open(run / "history.csv") as stream:
        return list(csv.DictReader(stream))


def checkpoint(run: Path) -> dict:
    return torch.load(run / "checkpoint.pt", weights_only=True)


def test_a_run_leaves_checkpoint_weights_history_settings_and_tensorboard(run: Path) -> None:
    assert {path.name for path in run.iterdir()} == {
        "checkpoint.pt",
        "model.pt",
        "model.images.txt",
        "history.csv",
        "config.json",
        "tensorboard",
    }
    assert list((run / "tensorboard").glob("events.out.tfevents.*"))


def test_an_epoch_cut_by_max_iterations_is_validated_written_and_saved(run: Path) -> None:
    rows = history(run)
    assert [(row["epoch"], row["iteration"]) for row in rows] == [("1", "3"), ("2", "4")]
    assert all(0.0 <= float(row["val"]) <= 1.0 for row in rows)
    assert checkpoint(run)["iteration"] == 4


def test_history_holds_every_part_of_the_loss(run: Path) -> None:
    for row in history(run):
        for part in ("mask", "dice", "class", "level_set", "dual_task", "attended_region"):
            assert np.isfinite(float(row[part])), part


def test_the_weights_left_are_those_of_the_variant(run: Path) -> None:
    network = load_network(run)
    own = build_network("lite").state_dict()
    assert {key: tensor.shape for key, tensor in network.state_dict().items()} == {
        key: tensor.shape for key, tensor in own.items()
    }


def test_config_json_says_what_the_run_was_told(run: Path, synthetic: Path) -> None:
    settings = json.loads((run / "config.json").read_text())["settings"]
    assert settings["variant"] == "lite"
    assert settings["dataset_dir"] == str(synthetic)
    assert (settings["image_size"], settings["labelled_batch"], settings["unlabelled_batch"]) == (32, 2, 1)
    assert settings["iterations"] == 4
    assert settings["images"] == {"training": 6, "validation": 3, "unlabelled": 3}


def test_max_epochs_ends_a_run_before_max_iterations(finished: Workflow, synthetic: Path, tmp_path: Path) -> None:
    finished(
        "training", dataset_dir=synthetic, output_dir=tmp_path, max_iterations=100, **{"train#trainer#max_epochs": 1}
    )
    # the whole batch of 2 + 1 is labelled without a second stream: 6 // 3 iterations
    assert checkpoint(tmp_path)["iteration"] == 2
    assert [row["epoch"] for row in history(tmp_path)] == ["1"]


def test_a_finished_run_started_again_does_nothing(finished: Workflow, synthetic: Path, tmp_path: Path) -> None:
    told = {"dataset_dir": synthetic, "output_dir": tmp_path, "max_iterations": 1}
    finished("training", **told)
    first, rows = checkpoint(tmp_path), history(tmp_path)
    finished("training", **told)
    again = checkpoint(tmp_path)
    assert history(tmp_path) == rows
    network, repeated = first["objects"]["network"], again["objects"]["network"]
    assert all(torch.equal(network[key], repeated[key]) for key in network)


def test_early_stopping_ends_a_run_that_does_not_improve(finished: Workflow, synthetic: Path, tmp_path: Path) -> None:
    finished(
        "training",
        dataset_dir=synthetic,
        output_dir=tmp_path,
        max_iterations=40,
        early_stop_patience=2,
        **{"early_stop#score_function": "$lambda engine: 0.0"},
    )
    # one epoch sets the mark, two do not pass it
    assert [row["epoch"] for row in history(tmp_path)] == ["1", "2", "3"]


def test_one_word_switches_to_the_network_and_recipe_of_the_paper(
    finished: Workflow, synthetic: Path, tmp_path: Path
) -> None:
    workflow = finished("training", variant="paper", dataset_dir=synthetic, output_dir=tmp_path, max_iterations=2)
    settings = json.loads((tmp_path / "config.json").read_text())["settings"]
    assert (settings["augmentation"], settings["schedule"], settings["average_decay"]) == ("paper", "linear", None)
    assert sum(p.numel() for p in workflow.network_def.parameters()) == 48_425_782
    assert checkpoint(tmp_path)["iteration"] == 2
    (tmp_path / "checkpoint.pt").unlink()  # 0.6 GB


def test_without_dataset_dir_the_built_in_set_is_used_and_the_run_lies_under_runs(
    finished: Workflow, synthetic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mt_transunet.data

    asked = []

    def drawn(root: str) -> Path:
        asked.append(root)
        Path(root).parent.mkdir()
        Path(root).symlink_to(synthetic)
        return Path(root)

    monkeypatch.setattr(mt_transunet.data, "synthetic_dataset", drawn)
    monkeypatch.chdir(tmp_path)
    finished("training", max_iterations=1)
    assert asked == ["runs/synthetic"]
    assert json.loads((tmp_path / "runs/lite-training/config.json").read_text())["settings"]["images"] == {
        "training": 6,
        "validation": 3,
        "unlabelled": 3,
    }


def test_odd_images_are_trained_on_after_one_warning_each(
    finished: Workflow, challenge: Callable[..., Path], lesion: Callable, tmp_path: Path
) -> None:
    photograph, inside = lesion()
    colour, mask = Image.fromarray(photograph), Image.fromarray(inside.astype(np.uint8) * 255)
    dot, dot_mask = Image.new("RGB", (1, 1), "brown"), Image.new("L", (1, 1), 255)
    sixteen = Image.fromarray((photograph[..., 0].astype(np.uint16) * 257))
    grey_mask = Image.fromarray(np.where(inside, 200, 30).astype(np.uint8))
    cases = {
        "grey.jpg": (colour.convert("L"), mask, 0),
        "transparent.png": (colour.convert("RGBA"), mask, 1),
        "cmyk.jpg": (colour.convert("CMYK"), mask, 2),
        "sixteen.png": (sixteen, mask, 0),
        "dot.png": (dot, dot_mask, 0),
        "greymask.jpg": (colour, grey_mask, 1),
    }
    challenge(tmp_path / "data", "Training", cases)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        # six iterations of two: every image twice
        finished(
            "training", dataset_dir=tmp_path / "data", output_dir=tmp_path / "run", max_iterations=6, unlabelled_batch=0
        )
    said = [str(entry.message) for entry in caught if "converted to" in str(entry.message)]
    assert len(said) == len(set(said)) == 6, said
    for word in ("grey image", "transparent", "CMYK", "16-bit", "1-pixel", "grey-valued mask"):
        assert sum(word in line for line in said) == 1, word


def test_an_image_without_mask_joins_the_second_stream(
    finished: Workflow, challenge: Callable[..., Path], lesion: Callable, tmp_path: Path
) -> None:
    photograph, inside = lesion()
    image, mask = Image.fromarray(photograph), Image.fromarray(inside.astype(np.uint8) * 255)
    cases = {"a.jpg": (image, mask, 0), "b.jpg": (image, mask, 1), "bare.jpg": (image, None, 2)}
    challenge(tmp_path / "data", "Training", cases)
    finished("training", dataset_dir=tmp_path / "data", output_dir=tmp_path / "run", max_iterations=1)
    settings = json.loads((tmp_path / "run/config.json").read_text())["settings"]
    assert settings["images"] == {"training": 2, "validation": 0, "unlabelled": 1}
    assert (tmp_path / "run/model.pt").is_file()  # without a validation split the last weights are left


def test_weights_that_a_run_goes_on_from_are_judged_first(
    finished: Workflow, run: Path, synthetic: Path, tmp_path: Path
) -> None:
    told = {"dataset_dir": synthetic, "output_dir": tmp_path / "run", "max_iterations": 1}
    finished("training", **told, initial_weights=run)
    start, first = history(tmp_path / "run")
    assert (start["iteration"], first["iteration"]) == ("0", "1")
    # the weights a run leaves are those of its best validation, of the same images at the same size
    assert float(start["val"]) == pytest.approx(max(float(row["val"]) for row in history(run)), abs=1e-6)


def test_validation_images_that_the_initial_weights_learned_from_are_counted_and_told(
    finished: Workflow, run: Path, synthetic: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = {"dataset_dir": synthetic, "max_iterations": 1, "initial_weights": run, "keep": "last"}
    finished("training", **told, output_dir=tmp_path / "same_side")
    assert json.loads((tmp_path / "same_side/config.json").read_text())["seen_in_validation"] == 0
    assert "too good" not in caplog.text
    finished("training", **told, output_dir=tmp_path / "fold", fold=0, num_folds=2)
    record = json.loads((tmp_path / "fold/config.json").read_text())
    assert record["seen_in_validation"] == record["settings"]["images"]["validation"] > 0
    assert "too good" in caplog.text


def test_a_run_that_keeps_its_last_weights_has_no_use_for_figures_of_its_start(
    finished: Workflow, run: Path, synthetic: Path, tmp_path: Path
) -> None:
    told = {"dataset_dir": synthetic, "output_dir": tmp_path / "run", "max_iterations": 1, "keep": "last"}
    finished("training", **told, initial_weights=run)
    assert [row["iteration"] for row in history(tmp_path / "run")] == ["1"]
