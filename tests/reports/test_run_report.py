# SPDX-License-Identifier: Apache-2.0
"""Pages of run folders with generated pictures, as the commands leave them."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mt_transunet.reports import write_report

FIGURES = ("val", "val_JA", "val_mean_AUC")
HISTORY_COLUMNS = ("iteration", "epoch", "images_per_second", "learning_rate", "loss", "mask", *FIGURES)
HISTORY = (
    (10, 1, 20.0, 3e-4, 2.0, 1.5, "", "", ""),
    (20, 1, 22.0, 2e-4, 1.5, 1.0, 0.80, 0.70, 0.90),
    (30, 2, 30.0, 1e-4, 1.2, 0.8, 0.775, 0.75, 0.80),
)
FIGURE = {"value": 0.8125, "low": 0.75, "high": 0.875}


def write_csv(path: Path, columns: tuple[str, ...], rows: list[tuple] | tuple[tuple, ...]) -> None:
    """Write a CSV file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])


def write_picture(path: Path, colour: tuple[int, int, int] = (200, 150, 120)) -> None:
    """A small picture with enough colours to be a photograph."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ramp = np.linspace(0, 40, 24, dtype=np.uint8)[None, :, None]
    Image.fromarray(np.full((16, 24, 3), colour, np.uint8) + ramp).save(path)


def write_training(folder: Path) -> None:
    write_csv(folder / "history.csv", HISTORY_COLUMNS, HISTORY)
    images = {"training": 12, "unlabelled": 4, "validation": 3}
    settings = {"variant": "lite", "seed": 0, "iterations": 30, "images": images, "dataset": [{"name": "toy"}]}
    record = {"settings": settings, "threads": 2, "config": {"network": {"_target_": "x"}}}
    (folder / "config.json").write_text(json.dumps(record))


def change_record(folder: Path, **changes: object) -> None:
    record = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**record, **changes}))


def write_evaluation(folder: Path, images: int = 4) -> None:
    rows = [(f"toy_{i}", 0.5 + i / 10, 0.6 + i / 10, i % 3, 0.2, 0.5, 0.3) for i in range(images)]
    columns = ("image_id", "JA", "DI", "label", "nevus", "melanoma", "seborrheic_keratosis")
    write_csv(folder / "per_image.csv", columns, rows)
    classes = {"ACC": FIGURE, "SE": FIGURE, "SP": FIGURE, "AUC": None, "AP": None}
    metrics = {
        "segmentation": {"n": images, **dict.fromkeys(("JA", "DI", "AC", "SE", "SP"), FIGURE)},
        "classification": {
            "n": images,
            "melanoma": classes,
            "seborrheic_keratosis": classes,
            "mean_AUC": None,
            "mean_ACC": FIGURE,
        },
        "protocol": {"split": "test", "sizes": [192, 224], "weights": {"sha256": "9f2c"}},
    }
    (folder / "metrics.json").write_text(json.dumps(metrics))


def write_inference(folder: Path) -> None:
    columns = ("image", "status", "nevus", "melanoma", "predicted", "mask", "overlay")
    good = [
        ("a/one.jpg", "ok", 0.25, 0.75, "melanoma", "a/one_mask.png", "a/one_overlay.jpg"),
        ("two.jpg", "ok", 0.9, 0.1, "nevus", "", ""),
    ]
    write_csv(folder / "predictions.csv", columns, [*good, ("<b>broken</b>.jpg", "truncated", "", "", "", "", "")])
    write_picture(folder / "a/one_overlay.jpg")


def report(folder) -> str:
    path = write_report(folder)
    assert path == folder / "report.html"
    return path.read_text(encoding="utf-8")


def text(html: str) -> str:
    body = re.sub(r"(?s)<style>.*?</style>|<script>.*?</script>", "", html)
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", body))


def test_training_shows_curves_best_validation_and_settings(tmp_path):
    write_training(tmp_path)
    html = report(tmp_path)
    assert html.count("data:image/svg+xml") == 3
    assert "Best of 2 validations by the selection score (JA and AUC)" in html
    assert "figure best (iteration 20) last selection score 0.800 0.775 JA 0.700 0.750 mean AUC 0.900 0.800" in text(
        html
    )
    assert "Iterations 30 Epochs 2 Images per second (median) 22.0 Last loss 1.200" in text(html)
    assert "Images: 12 with a mask, 4 without, copies and repetitions counted, from toy; 3 to validate on." in text(
        html
    )
    assert "Settings variant lite seed 0 iterations 30" in text(html) and "threads 2" in text(html)
    assert "_target_" not in html and "goes on" not in html and "too good" not in html


def test_training_that_was_stopped_says_where_it_stands(tmp_path):
    write_training(tmp_path)
    change_record(tmp_path, settings={"iterations": 40})
    assert "Iterations 30 of 40" in text(report(tmp_path))
    assert "Ended at iteration 30 of 40; if it was stopped, the same command goes on." in text(report(tmp_path))


def test_figures_on_images_that_the_initial_weights_learned_from_are_called_too_good(tmp_path):
    write_training(tmp_path)
    change_record(tmp_path, seen_in_validation=2)
    assert "had learned from 2 of the validation images: figures are too good" in text(report(tmp_path))
    change_record(tmp_path, seen_in_validation=None)
    assert "Nobody knows whether the initial weights had learned from the validation images" in text(report(tmp_path))


def test_an_evaluation_on_images_that_the_weights_learned_from_is_called_too_good(tmp_path):
    write_evaluation(tmp_path)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    metrics["protocol"]["learned_from"] = 3
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    assert "The weights learned from 3 of these images: the figures are too good." in text(report(tmp_path))


def test_training_that_just_began_says_so(tmp_path):
    write_csv(tmp_path / "history.csv", ("iteration", "loss", "val_JA"), [])
    assert "holds no figures yet" in report(tmp_path)


def test_where_no_score_is_defined_the_first_validation_stands_for_the_best(tmp_path):
    write_csv(tmp_path / "history.csv", ("epoch", "val", "val_x"), [(1, "", 0.5), (2, "nan", 0.6)])
    assert "best (epoch 1)" in report(tmp_path)


def test_evaluation_shows_figures_with_intervals_dashes_and_protocol(tmp_path):
    write_evaluation(tmp_path)
    page = text(report(tmp_path))
    assert "0.812 0.750–0.875" in page
    assert "mean 0.812 0.750–0.875 – – – –" in page  # no mean of SE, SP, AUC, AP
    assert "split test sizes 192, 224 weights {&#34;sha256&#34;: &#34;9f2c&#34;}" in page


def test_evaluation_shows_masks_by_diagnosis_and_calibration_where_they_were_measured(tmp_path):
    write_evaluation(tmp_path)
    older = text(report(tmp_path))
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    metrics["by_diagnosis"] = {
        "nevus": {"n": 0, "JA": None, "DI": None},
        "melanoma": {"n": 4, "JA": FIGURE, "DI": None},
    }
    metrics["calibration"] = {"n": 4, "ECE": 0.1, "ECE_perfect_mean": 0.2, "ECE_perfect_95": 0.3}
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    page = text(report(tmp_path))
    assert "by diagnosis" not in older and "Calibration" not in older
    assert "class images JA DI melanoma 4 0.812 0.750–0.875 –" in page
    assert "Calibration over 4 images with a known class: expected calibration error 0.100; a perfectly" in page


def test_inference_lists_failures_first_with_pictures_where_there_are_any(tmp_path):
    write_inference(tmp_path)
    html = report(tmp_path)
    rows = re.findall(r"(?s)<tr.*?</tr>", html)[1:]
    assert 'class="failed"' in rows[0] and "&lt;b&gt;broken" in rows[0]
    assert "data:image/" in rows[1] and "one.jpg" in rows[1]
    assert "data:image/" not in rows[2]
    assert "Images 3 Could not be read 1" in text(html) and "Called: nevus 1 \N{MIDDLE DOT} melanoma 1" in text(html)


def test_pictures_outside_the_run_stay_outside(tmp_path):
    write_picture(tmp_path / "secret.jpg")
    columns = ("image", "status", "overlay")
    write_csv(tmp_path / "run/predictions.csv", columns, [("a.jpg", "ok", "../secret.jpg")])
    assert "data:image/" not in report(tmp_path / "run")


def test_enlarged_pictures_of_a_sub_run_are_found_from_the_page_above_it(tmp_path):
    write_inference(tmp_path / "inference")
    write_training(tmp_path / "training")
    assert '<a href="inference/a/one_overlay.jpg"' in report(tmp_path)


def test_a_page_of_two_thousand_images_is_whole_and_small(tmp_path, write_run, answer):
    rows = [answer(f"/photos/{i}.jpg", flags="hair; dark_corners", overlay="a_overlay.jpg") for i in range(2000)]
    html = report(write_run(tmp_path, rows))
    thumbnails = re.findall(r"data:image/jpeg;base64,([^\"]+)", html)
    names = re.findall(r"<th[^>]*>(\d+\.jpg)</th>", html)
    assert len(thumbnails) == len(names) == len(set(names)) == 2000
    # Pictures apart, which take about 6 kB each in real runs: at most 2.5 kB a row.
    assert len(html) - sum(map(len, thumbnails)) < 5e6


def test_inference_of_nothing_has_no_table(tmp_path):
    write_csv(tmp_path / "predictions.csv", ("image", "status"), [])
    assert "<table" not in report(tmp_path)


def test_sub_runs_share_one_page_in_the_order_of_the_work(tmp_path):
    write_inference(tmp_path / "inference")
    write_evaluation(tmp_path / "evaluation")
    write_training(tmp_path / "training")
    assert re.findall(r"<h2>(.*?)</h2>", report(tmp_path)) == ["Training", "Evaluation", "Inference"]


def test_every_page_says_at_its_top_what_it_must_not_be_used_for(tmp_path):
    write_training(tmp_path)
    top = text(report(tmp_path).split("<main>")[0])
    assert "Research software, not a medical device. It must not be used to diagnose" in top


def test_a_note_stands_above_all_else(tmp_path):
    write_training(tmp_path)
    top = text(write_report(tmp_path, note="All of it is <synthetic>.").read_text().split("</header>")[0])
    assert top.index("All of it is &lt;synthetic&gt;.") < top.index("Iterations")


def test_two_runs_of_a_kind_are_told_apart_by_their_folders(tmp_path):
    write_training(tmp_path / "lite")
    write_training(tmp_path / "paper")
    html = report(tmp_path)
    assert re.findall(r"<h2>(.*?)</h2>", html) == ["Training: lite", "Training: paper"]
    assert '<dl class="lead">' not in html and html.count("<dt>Last loss</dt>") == 2


def test_a_second_report_replaces_the_first(tmp_path):
    write_training(tmp_path)
    report(tmp_path)
    write_inference(tmp_path)
    assert "Inference" in report(tmp_path)
    assert not list(tmp_path.glob(".report*"))


def test_a_folder_without_a_run_is_refused_with_what_was_looked_for(tmp_path):
    with pytest.raises(ValueError, match="history.csv, metrics.json, predictions.csv"):
        write_report(tmp_path)
