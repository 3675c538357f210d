# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import logging

from mt_transunet.engines import PredictionWriter, prediction


def table(folder):
    return list(csv.DictReader((folder / "predictions.csv").open()))


def test_a_row_holds_probabilities_prediction_and_file_names(tmp_path, fire, state_of, photograph):
    state = tuple([part] for part in state_of(photograph))
    fire(PredictionWriter(tmp_path, names={photograph: "sub/ISIC_7"}, refused={}), [state])
    # the lesion is 30 x 20 of 60 x 40 pixels
    assert table(tmp_path) == [
        {
            "image": photograph,
            "status": "ok",
            "nevus": "0.2",
            "melanoma": "0.7",
            "seborrheic_keratosis": "0.1",
            "predicted": "melanoma",
            "lesion_fraction": "0.25",
            "mask": "sub/ISIC_7_mask.png",
            "overlay": "sub/ISIC_7_overlay.jpg",
        }
    ]
    assert (tmp_path / "sub" / "ISIC_7_overlay.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_overlays_can_be_switched_off(tmp_path, fire, state_of, monkeypatch):
    monkeypatch.setattr(prediction, "encoded_panel", lambda *_: 1 / 0)
    state = tuple([part] for part in state_of("a.jpg", probabilities=(0.1, 0.2, 0.7)))
    fire(PredictionWriter(tmp_path, names={"a.jpg": "a"}, refused={}, overlays=False), [state])
    row = table(tmp_path)[0]
    assert row["overlay"] == "" and row["mask"] == "a_mask.png" and row["predicted"] == "seborrheic_keratosis"
    assert not list(tmp_path.glob("*.jpg"))


def test_refused_images_have_their_row_and_are_logged_last(tmp_path, fire, state_of, caplog):
    state = tuple([part] for part in state_of("a.jpg"))
    writer = PredictionWriter(tmp_path, names={"a.jpg": "a"}, refused={"b.jpg": "truncated"}, overlays=False)
    with caplog.at_level(logging.INFO, logger="mt_transunet.engines.prediction"):
        fire(writer, [state])
    assert [(row["image"], row["status"], row["mask"]) for row in table(tmp_path)] == [
        ("a.jpg", "ok", "a_mask.png"),
        ("b.jpg", "truncated", ""),
    ]
    assert "1 images segmented" in caplog.messages[-2] and caplog.messages[-1] == "not processed: b.jpg: truncated"
