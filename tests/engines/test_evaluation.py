# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import json
import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mt_transunet.engines import EvaluationWriter, evaluated_items, evaluation
from mt_transunet.reports.evaluation_section import evaluation_sections

LEVELS = {f"ISIC_{n}": score for n, score in enumerate((0.9, 0.2, 0.5, 0.7, 0.1))}


def row(image_id, jaccard, label=1):
    figures = {name: jaccard for name in ("JA", "DI", "AC", "SE", "SP")} if jaccard is not None else {}
    return {"image_id": image_id, **figures, "label": label, "nevus": 0.2, "melanoma": 0.7, "seborrheic_keratosis": 0.1}


@pytest.fixture
def pictures(monkeypatch):
    """The ids of the panels that were drawn."""
    drawn = []

    def draw(batch, output):
        drawn.append(output["true_image_id"])
        return b"jpeg"

    monkeypatch.setattr(evaluation, "encoded_panel", draw)
    return drawn


def write(folder, fire, rows, states, **options):
    metric = SimpleNamespace(rows=[])
    options = {"protocol": {"split": "val", "views": "none"}, "resamples": 10, "seed": 3, **options}
    batches = iter(rows)
    fire(EvaluationWriter(folder, metric=metric, **options), states, before=lambda: metric.rows.extend(next(batches)))
    return json.loads((folder / "metrics.json").read_text())


def test_items_of_the_metric_come_from_the_postprocessed_output(state_of):
    _, output = state_of("x.png", image_id="a")
    _, blind = state_of("y.png", image_id="b", truth=False)
    del blind["true_label"]
    item, other = evaluated_items([output, blind])
    assert item["image_id"] == "a" and item["label"] == 1 and item["prediction"] is output["pred_mask"]
    assert torch.equal(item["mask"], output["pred_mask"] > 0) and item["probabilities"].tolist()[1] == pytest.approx(
        0.7
    )
    assert other["mask"] is None and other["label"] == -1


def test_figures_rows_and_protocol_are_written(tmp_path, fire, state_of, pictures):
    rows = [[row("ISIC_1", 0.25)], [row("ISIC_2", 0.75, label=0)]]
    states = [([batch], [output]) for batch, output in (state_of("x", image_id=f"ISIC_{n}") for n in (1, 2))]
    metrics = write(tmp_path, fire, rows, states)
    assert metrics["segmentation"]["n"] == 2 and metrics["segmentation"]["JA"]["value"] == 0.5
    assert metrics["protocol"] == {"split": "val", "views": "none", "seed": 3, "resamples": 10}
    table = list(csv.DictReader((tmp_path / "per_image.csv").open()))
    assert [(line["image_id"], line["JA"]) for line in table] == [("ISIC_1", "0.25"), ("ISIC_2", "0.75")]


def test_pictures_are_of_the_worst_and_the_best_masks(tmp_path, fire, state_of, pictures):
    pairs = {image_id: state_of("x", image_id=image_id) for image_id in LEVELS}
    ids = list(LEVELS)
    chunks = [ids[:3], ids[3:]]
    states = [([pairs[i][0] for i in chunk], [pairs[i][1] for i in chunk]) for chunk in chunks]
    rows = [[row(i, LEVELS[i]) for i in chunk] for chunk in chunks]
    write(tmp_path, fire, rows, states, pictures=1)
    # 0.9 is the best, 0.1 the worst
    assert sorted(path.name for path in tmp_path.glob("*.jpg")) == ["ISIC_0_overlay.jpg", "ISIC_4_overlay.jpg"]
    # the first image starts both lists; 0.5 and 0.7 are neither below the worst nor above the best so far
    assert pictures == ["ISIC_0", "ISIC_0", "ISIC_1", "ISIC_4"]


@pytest.mark.parametrize(
    "image_id, picture",
    [("P1/x", "P1/x_overlay.jpg"), ("../x", "x.d6b96a97_overlay.jpg"), ("/data/x", "x.e220a107_overlay.jpg")],
)
def test_the_picture_of_any_id_lies_in_the_folder_and_its_page_finds_it(
    tmp_path, fire, state_of, pictures, image_id, picture
):
    folder = tmp_path / "out"
    write(folder, fire, [[row(image_id, 0.5)]], [tuple([part] for part in state_of("x", image_id=image_id))])
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.jpg")] == [f"out/{picture}"]
    gallery = evaluation_sections(folder)[1][1].blocks[0]
    assert gallery.figures[0].source == folder / picture
    assert list(csv.DictReader((folder / "per_image.csv").open()))[0]["image_id"] == image_id


@pytest.mark.parametrize("jaccard", [None, float("nan")])
def test_an_image_without_jaccard_has_no_picture(tmp_path, fire, state_of, pictures, jaccard):
    batch, output = state_of("x", image_id="a")
    write(tmp_path, fire, [[row("a", jaccard)]], [([batch], [output])])
    assert pictures == [] and not list(tmp_path.glob("*.jpg"))


def test_pictures_can_be_switched_off(tmp_path, fire, state_of, pictures):
    write(tmp_path, fire, [[row("a", 0.5)]], [tuple([part] for part in state_of("x", image_id="a"))], pictures=0)
    assert pictures == [] and (tmp_path / "metrics.json").is_file()


def test_the_log_shows_figures_with_intervals_and_a_dash_for_undefined_ones(tmp_path, fire, state_of, pictures, caplog):
    state = tuple(zip(state_of("x", image_id="a"), state_of("x", image_id="b")))
    with caplog.at_level(logging.INFO, logger="mt_transunet.engines.evaluation"):
        write(tmp_path, fire, [[row("a", None), row("b", 0.5)]], [state])
    text = caplog.text
    assert "split val, views none" in text and "segmentation, n = 1" in text and "JA: 0.500 [-, -]" in text
    assert "AUC -" in text  # one class alone has no ROC curve


def test_the_log_shows_masks_by_diagnosis_and_calibration(tmp_path, fire, state_of, pictures, caplog):
    state = tuple(zip(state_of("x", image_id="a"), state_of("x", image_id="b")))
    nevus = row("b", 0.5, label=0) | {"nevus": 0.8, "melanoma": 0.1}
    with caplog.at_level(logging.INFO, logger="mt_transunet.engines.evaluation"):
        write(tmp_path, fire, [[row("a", 0.25), nevus]], [state])
    assert "by diagnosis\n  nevus, n = 1: JA 0.500 [-, -]  DI 0.500 [-, -]\n  melanoma" in caplog.text
    assert "seborrheic_keratosis, n" not in caplog.text
    # Both right, at confidences 0.7 and 0.8.
    assert "calibration, n = 2\n  expected calibration error 0.250; a perfectly calibrated model" in caplog.text


def test_the_real_panels_are_drawn_from_the_evaluator_s_state(tmp_path, fire, state_of, photograph):
    state = tuple([part] for part in state_of(photograph))
    write(tmp_path, fire, [[row("ISIC_7", 0.5)]], [state], pictures=1)
    assert np.frombuffer((tmp_path / "ISIC_7_overlay.jpg").read_bytes()[:2], np.uint8).tolist() == [0xFF, 0xD8]
