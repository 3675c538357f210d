# SPDX-License-Identifier: Apache-2.0
"""The bundle as MONAI Label 0.8.5 uses it: pieces of the inference config, and training on lists of its own."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import monai.bundle
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow
from monai.transforms import Compose
from PIL import Image

from mt_transunet.bundle_weights import put_weights
from mt_transunet.data.items import make_item
from mt_transunet.networks import load_weights, shipped_weights, weights_hash
from mt_transunet.seen_images import learned_from, seen_among

SIZE = (96, 64)  # width, height


@pytest.fixture(scope="module")
def studies(lesion: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three photographs with masks in a server's folders, and a table with the diagnosis of one."""
    root = tmp_path_factory.mktemp("studies")
    (root / "labels").mkdir()
    colours, inside = lesion(*SIZE)
    for name in ("a", "b", "c"):
        Image.fromarray(colours).save(root / f"{name}.png")
        Image.fromarray(inside.astype(np.uint8)).save(root / "labels" / f"{name}.png")  # 0 and 1, as it saves them
    (root / "labels.csv").write_text("image_id,melanoma,seborrheic_keratosis\nb,1,0\n")
    return root


@pytest.fixture(scope="module")
def answer(
    studies: Path, configs: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], dict[str, str]]:
    """What a server gets for one photograph, and the row that inference writes about it."""
    cwd = tmp_path_factory.mktemp("cwd")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        parser = ConfigParser()
        parser.read_config(str(configs / "inference.json"))
        item: dict[str, Any] = {"image": str(studies / "a.png")}
        item = parser.get_parsed_content("preprocessing")(item)
        network = load_weights(parser.get_parsed_content("network_def"), shipped_weights("lite")).eval()
        with torch.no_grad():
            outputs = parser.get_parsed_content("inferer")(item["image"][None], network)
        item["pred"] = {name: output[0] for name, output in outputs.items()}
        item = Compose(parser.get_parsed_content("postprocessing").transforms)(item)
        assert list(cwd.iterdir()) == []  # no synthetic images, no folders: nobody asked for any
        workflow = ConfigWorkflow(
            str(configs / "inference.json"),
            workflow_type="inference",
            logging_file=False,
            dataset_dir=str(studies),
            output_dir=str(cwd / "out"),
            num_workers=0,
        )
        workflow.initialize()
        workflow.run()
    with open(cwd / "out" / "predictions.csv") as stream:
        row = next(row for row in csv.DictReader(stream) if row["image"].endswith("a.png"))
    return item, {**row, "mask": str(cwd / "out" / row["mask"])}


def test_the_mask_is_that_of_inference_on_the_photograph_s_own_pixels(answer):
    item, row = answer
    assert item["pred"].dtype == torch.uint8 and tuple(item["pred"].shape) == SIZE
    written = np.asarray(Image.open(row["mask"])) == 255
    assert np.array_equal(item["pred"].numpy().T == 1, written) and written.any()


def test_the_scores_are_those_of_inference(answer):
    item, row = answer
    scores = {entry["label"]: entry["score"] for entry in item["result"]["prediction"]}
    assert list(scores) == ["nevus", "melanoma", "seborrheic_keratosis"]
    assert all(abs(score - float(row[name])) < 1e-4 for name, score in scores.items())
    assert abs(item["result"]["confidence"]["predicted_dice"] - float(row["predicted_dice"])) < 1e-4
    assert abs(item["result"]["uncertainty"] - (1 - float(row["predicted_dice"]))) < 1e-4


def test_the_answer_is_plain_json_and_says_how_to_write_the_mask(answer):
    item, _ = answer
    assert json.loads(json.dumps(item["result"], allow_nan=False)) == item["result"]
    assert item["result_extension"] == ".png"


@pytest.fixture(scope="module")
def trained(studies: Path, configs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A served bundle after the server has trained it on two masks and validated it on a third."""
    served = tmp_path_factory.mktemp("served")
    put_weights(shipped_weights("lite"), served, "lite")
    items = [{"image": str(studies / f"{n}.png"), "label": str(studies / "labels" / f"{n}.png")} for n in "abc"]
    handlers = json.loads((configs / "train.json").read_text())["train"]["handlers"]
    loader = {"_target_": "CheckpointLoader", "load_path": str(served / "models" / "model.pt"), "strict": False}
    handlers.insert(0, {**loader, "load_dict": {"model": "$@network"}})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("cwd"))
        monai.bundle.run(
            run_id="run",
            init_id=None,
            final_id=None,
            meta_file=str(configs / "metadata.json"),
            config_file=str(configs / "train.json"),
            bundle_root=str(served),
            device="cpu",
            image_size=32,
            num_workers=0,
            **{
                "train#trainer#max_epochs": 2,
                "train#dataset#data": items[:2],
                "train#handlers": handlers,
                "validate#dataset#data": items[2:],
            },
        )
        assert list(Path.cwd().iterdir()) == []
    return served


def test_training_on_a_server_s_list_puts_its_weights_in_use(trained):
    assert weights_hash(trained / "models" / "model.pt") != weights_hash(shipped_weights("lite"))
    record = json.loads((trained / "models" / "model.json").read_text())
    assert record["sha256"] == weights_hash(trained / "models" / "model.pt") and record["image_size"] == 32
    assert "operating_points" not in record and "validation" not in record  # nothing was measured on these


def test_training_on_a_server_s_list_goes_on_from_the_weights_in_use(trained):
    new, old = (torch.load(trained / "models" / f"{name}.pt", weights_only=True) for name in ("model", "original"))
    # two iterations of warming up move a trained network little; from random weights they would differ throughout
    moved = (new["class_head.weight"].float() - old["class_head.weight"].float()).abs().max()
    assert moved < 0.01 < old["class_head.weight"].abs().max()


def test_the_weights_that_came_with_the_bundle_stay(trained):
    assert weights_hash(trained / "models" / "original.pt") == weights_hash(shipped_weights("lite"))
    assert (trained / "models" / "original.json").read_bytes() == shipped_weights("lite").with_suffix(
        ".json"
    ).read_bytes()


def test_the_weights_in_use_have_learned_from_the_server_s_images_too(trained, studies):
    now, before = (learned_from(trained / "models" / f"{name}.pt") for name in ("model", "original"))
    assert before == learned_from(shipped_weights("lite")) and len(now - before) == 1  # three copies of one picture
    assert seen_among([make_item(studies / "a.png")], trained / "models" / "model.pt") == 1


def test_a_run_on_a_server_s_list_is_recorded_beside_the_bundle(trained):
    settings = json.loads((trained / "annotation" / "config.json").read_text())["settings"]
    assert settings["images"] == {"training": 2, "unlabelled": 0, "validation": 1}
    assert settings["dataset"] == []
