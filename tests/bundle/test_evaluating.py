# SPDX-License-Identifier: Apache-2.0
"""What the evaluating command writes, on every kind of dataset it takes."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.bundle import ConfigWorkflow
from PIL import Image

from mt_transunet.data import fold_of, ids_hash, load_datalist

Workflow = Callable[..., ConfigWorkflow]

SEGMENTATION = {"n", "JA", "DI", "AC", "SE", "SP"}
CLASSES = {"melanoma", "seborrheic_keratosis"}
CLASSIFICATION = {"n", *CLASSES, "mean_AUC", "mean_ACC"}
PER_CLASS = {"ACC", "SE", "SP", "AUC", "AP"}
PROTOCOL = {"variant", "weights_sha256", "split", "views", "sizes", "seed", "resamples"}


@pytest.fixture
def evaluated(finished: Workflow, run: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Evaluate the finished run and return what stands in its metrics.json."""

    def evaluate(dataset: Path, **overrides: Any) -> dict[str, Any]:
        finished("evaluating", **{"weights": run, **overrides}, dataset_dir=dataset, output_dir=tmp_path / "evaluation")
        return json.loads((tmp_path / "evaluation" / "metrics.json").read_text())

    return evaluate


def is_figure(value: Any) -> bool:
    if value is None:
        return True
    if set(value) != {"value", "low", "high"}:
        return False
    if value["low"] is value["high"] is None:  # of three images the resamples may all give the same
        return 0.0 <= value["value"] <= 1.0
    return bool(0.0 <= value["low"] <= value["value"] <= value["high"] <= 1.0)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with open(folder / "evaluation" / "per_image.csv") as stream:
        return list(csv.DictReader(stream))


def test_images_of_one_patient_share_a_group_in_the_rows_and_the_intervals(
    evaluated: Callable, synthetic: Path, tmp_path: Path
) -> None:
    items = [
        {key: item[key] for key in ("image", "mask", "label")}
        for item in load_datalist(str(synthetic), splits="test")["test"]
    ]
    for item, patient in zip(items, ("p1", "p2", "p1"), strict=True):
        item["group"] = patient
    (tmp_path / "own.json").write_text(json.dumps({"test": items}))
    assert evaluated(tmp_path / "own.json", split="test")["groups"] == 2
    assert sorted(row["group"] for row in rows_of(tmp_path)) == ["p1", "p1", "p2"]


def test_metrics_json_has_the_schema_of_the_design(evaluated: Callable, synthetic: Path, run: Path) -> None:
    metrics = evaluated(synthetic, split="test")
    blocks = {"segmentation", "classification", "by_diagnosis", "calibration", "confidence", "protocol"}
    assert set(metrics) == blocks
    segmentation, classification, protocol = (metrics[key] for key in ("segmentation", "classification", "protocol"))
    assert set(segmentation) == SEGMENTATION and segmentation["n"] == 3
    assert all(is_figure(segmentation[name]) for name in SEGMENTATION - {"n"})
    assert set(classification) == CLASSIFICATION and classification["n"] == 3
    assert all(is_figure(classification[name]) for name in ("mean_AUC", "mean_ACC"))
    for name in CLASSES:
        assert set(classification[name]) == PER_CLASS
        assert all(is_figure(figure) for figure in classification[name].values())
    assert PROTOCOL <= set(protocol)
    assert protocol["weights_sha256"] == hashlib.sha256((run / "model.pt").read_bytes()).hexdigest()
    assert (protocol["variant"], protocol["split"], protocol["views"]) == ("lite", "test", "none")
    assert (protocol["sizes"], protocol["seed"], protocol["resamples"]) == ([32], 0, 20)


def test_per_image_csv_has_a_row_per_image_whose_mean_is_the_figure(
    evaluated: Callable, synthetic: Path, tmp_path: Path
) -> None:
    metrics = evaluated(synthetic, split="val")
    rows = rows_of(tmp_path)
    images = sorted(path.stem for path in (synthetic / "ISIC-2017_Validation_Data").glob("*.jpg"))
    assert sorted(row["image_id"] for row in rows) == images
    assert np.mean([float(row["JA"]) for row in rows]) == pytest.approx(metrics["segmentation"]["JA"]["value"])
    for row in rows:
        assert sum(float(row[name]) for name in ("nevus", *CLASSES)) == pytest.approx(1.0, abs=1e-5)


def test_masks_are_scored_at_their_own_size_and_orientation(
    evaluated: Callable, challenge: Callable, lesion: Callable, dark_is_lesion: dict, tmp_path: Path
) -> None:
    cases = {}
    for name, size in {"wide.png": (96, 64), "tall.png": (64, 160)}.items():
        photograph, inside = lesion(*size)
        cases[name] = (Image.fromarray(photograph), Image.fromarray(inside.astype(np.uint8) * 255), 0)
    # 64 pixels a side: the rectangle's borders blur over less than a pixel of it
    metrics = evaluated(challenge(tmp_path / "d", "Validation", cases), image_size=64, **dark_is_lesion)
    assert metrics["segmentation"]["n"] == 2
    assert metrics["segmentation"]["JA"]["value"] > 0.9


def test_evaluating_does_not_touch_training_data(evaluated: Callable, synthetic: Path, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(synthetic, root)
    for path in (root / "ISIC-2017_Training_Data").iterdir():
        path.write_text("no image")
    (root / "ISIC-2017_Training_Part3_GroundTruth.csv").write_text("no table")
    assert evaluated(root, split="test")["segmentation"]["n"] == 3


def test_a_split_without_masks_is_evaluated_for_class_only(
    evaluated: Callable, synthetic: Path, tmp_path: Path
) -> None:
    root = tmp_path / "copy"
    shutil.copytree(synthetic, root, ignore=shutil.ignore_patterns("*Part1*"))
    metrics = evaluated(root, split="test")
    assert metrics["segmentation"] == {"n": 0, "JA": None, "DI": None, "AC": None, "SE": None, "SP": None}
    assert metrics["classification"]["n"] == 3


def test_a_split_without_diagnoses_is_evaluated_for_masks_only(
    evaluated: Callable, synthetic: Path, tmp_path: Path
) -> None:
    root = tmp_path / "copy"
    shutil.copytree(synthetic, root, ignore=shutil.ignore_patterns("*Part3*"))
    metrics = evaluated(root, split="test")
    assert metrics["segmentation"]["n"] == 3 and metrics["segmentation"]["JA"] is not None
    nothing = {name: None for name in PER_CLASS}
    assert metrics["classification"] == {
        "n": 0,
        "melanoma": nothing,
        "seborrheic_keratosis": nothing,
        "mean_AUC": None,
        "mean_ACC": None,
    }


def test_a_class_that_does_not_occur_leaves_its_figures_and_the_mean_null(
    evaluated: Callable, synthetic: Path, dark_is_lesion: dict, tmp_path: Path
) -> None:
    root = tmp_path / "copy"
    shutil.copytree(synthetic, root)
    images = sorted(path.stem for path in (root / "ISIC-2017_Test_v2_Data").iterdir())
    rows = [f"{name},{float(index == 0)},0.0" for index, name in enumerate(images)]  # one melanoma, nevi
    table = ["image_id,melanoma,seborrheic_keratosis", *rows]
    (root / "ISIC-2017_Test_v2_Part3_GroundTruth.csv").write_text("\n".join(table) + "\n")
    classification = evaluated(root, split="test", **dark_is_lesion)["classification"]
    assert classification["seborrheic_keratosis"]["AUC"] is None
    assert classification["seborrheic_keratosis"]["SE"] is None
    assert classification["melanoma"]["AUC"] is not None
    assert classification["mean_AUC"] is None


@pytest.mark.parametrize("split", ["test", "val", "validation"])
def test_a_labelled_folder_counts_as_whatever_split_is_asked_for(
    evaluated: Callable, synthetic: Path, split: str
) -> None:
    metrics = evaluated(synthetic / "additional", split=split)
    assert (metrics["classification"]["n"], metrics["segmentation"]["n"]) == (3, 0)
    assert metrics["protocol"]["split"] == split


def test_the_ph2_release_is_evaluated_for_both_tasks(evaluated: Callable, lesion: Callable, tmp_path: Path) -> None:
    cases = tmp_path / "PH2Dataset" / "PH2 Dataset images"
    rows = ["||   Name || Histological Diagnosis || Clinical Diagnosis || Asymmetry ||"]
    for code, name in enumerate(("IMD001", "IMD002", "IMD003")):
        photograph, inside = lesion()
        for folder, content in (("Dermoscopic_Image", photograph), ("lesion", inside.astype(np.uint8) * 255)):
            path = cases / name / f"{name}_{folder}" / (f"{name}.bmp" if content.ndim == 3 else f"{name}_lesion.bmp")
            path.parent.mkdir(parents=True)
            Image.fromarray(content).save(path)
        rows.append(f"|| {name} ||    || {code} || 0 ||")
    (cases.parent / "PH2_dataset.txt").write_text("\n".join(rows) + "\n")
    metrics = evaluated(tmp_path, split="test")
    assert (metrics["segmentation"]["n"], metrics["classification"]["n"]) == (3, 3)
    assert metrics["classification"]["seborrheic_keratosis"]["AUC"] is None


def test_the_views_of_the_paper_are_eighteen(
    evaluated: Callable, challenge: Callable, lesion: Callable, dark_is_lesion: dict, tmp_path: Path
) -> None:
    photograph, inside = lesion()
    case = {"a.png": (Image.fromarray(photograph), Image.fromarray(inside.astype(np.uint8) * 255), 0)}
    root = challenge(tmp_path / "d", "Validation", case)
    metrics = evaluated(root, views="paper", view_sizes=[32, 48, 64], **dark_is_lesion)
    seen = dark_is_lesion["network_def"].seen
    assert sorted(seen) == sorted([(3, side, side) for side in (32, 48, 64)] * 6)
    assert metrics["protocol"]["sizes"] == [32, 48, 64]
    assert metrics["segmentation"]["JA"]["value"] > 0.8


def test_the_sizes_of_the_views_are_those_of_the_variant(prepared: Workflow, synthetic: Path) -> None:
    for variant, image_size, sizes in (("lite", 192, [160, 192, 224]), ("paper", 224, [224, 256, 288])):
        told = {"variant": variant, "image_size": image_size, "views": "paper"}
        workflow = prepared("evaluating", dataset_dir=synthetic, **told)
        assert workflow.parser.get_parsed_content("view_sizes") == sizes


def test_figures_do_not_depend_on_the_order_or_the_workers(evaluated: Callable, synthetic: Path) -> None:
    assert evaluated(synthetic, split="val") == evaluated(synthetic, split="val", num_workers=1)


def test_weights_in_half_precision_are_evaluated(
    evaluated: Callable, synthetic: Path, run: Path, tmp_path: Path
) -> None:
    state = {
        key: value.half() if value.is_floating_point() else value for key, value in torch.load(run / "model.pt").items()
    }
    torch.save(state, tmp_path / "half.pt")
    assert evaluated(synthetic, split="val", weights=tmp_path / "half.pt")["segmentation"]["n"] == 3


def test_named_images_alone_are_evaluated_and_drawn(evaluated: Callable, synthetic: Path, tmp_path: Path) -> None:
    names = sorted(path.stem for path in (synthetic / "ISIC-2017_Test_v2_Data").glob("*.jpg"))
    metrics = evaluated(synthetic, split="test", only=names[1:])
    assert sorted(row["image_id"] for row in rows_of(tmp_path)) == names[1:]
    assert metrics["protocol"]["only"] == names[1:]
    drawn = {path.name for path in (tmp_path / "evaluation").glob("*_overlay.jpg")}
    assert drawn == {f"{name}_overlay.jpg" for name in names[1:]}


def test_a_fold_of_the_training_images_is_evaluated(evaluated: Callable, synthetic: Path, tmp_path: Path) -> None:
    names = [item["image_id"] for item in load_datalist(str(synthetic), splits="training")["training"]]
    for fold in range(2):
        shutil.rmtree(tmp_path / "evaluation", ignore_errors=True)  # of the other fold, which would be refused
        metrics = evaluated(synthetic, fold=fold, num_folds=2)
        assert metrics["protocol"]["split"] == f"fold {fold} of 2"
        held = sorted(name for name in names if fold_of(name, 2) == fold)
        assert sorted(row["image_id"] for row in rows_of(tmp_path)) == held
        assert metrics["protocol"]["image_ids"] == ids_hash([{"image_id": name} for name in held])


def test_images_that_the_weights_learned_from_are_counted(evaluated: Callable, synthetic: Path, tmp_path: Path) -> None:
    assert evaluated(synthetic, split="val")["protocol"]["learned_from"] == 0
    shutil.rmtree(tmp_path / "evaluation")
    metrics = evaluated(synthetic, split="train")
    assert metrics["protocol"]["learned_from"] == len(rows_of(tmp_path)) > 0
