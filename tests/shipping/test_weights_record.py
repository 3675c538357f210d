# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import numpy as np
import pytest

from mt_transunet import CLASS_NAMES
from mt_transunet.atomic import write_csv
from mt_transunet.networks import weights_hash
from mt_transunet.shipping import ship_weights
from mt_transunet.shipping.record import failures, provenance, training_record


def test_the_record_names_the_file_its_stages_and_its_sizes(model, tmp_path, write_run):
    weights = ship_weights(model, tmp_path / "lite.pt")
    stages = [write_run(tmp_path / "one", 160), write_run(tmp_path / "two", 192)]
    record = provenance(weights, variant="lite", image_size=176, view_sizes=[160, 192], runs={"all": stages})
    assert record["sha256"] == weights_hash(weights) and record["bytes"] == weights.stat().st_size
    assert record["image_size"] == 176 and record["view_sizes"] == [160, 192]
    assert [stage["training_minutes"] for stage in record["stages"]["all"]] == [2.5, 2.5]
    assert [stage["validations"] for stage in record["stages"]["all"]] == [1, 1]
    assert [stage["commits"] for stage in record["stages"]["all"]] == [["abc"], ["abc"]]


def test_what_was_not_measured_is_null(model, tmp_path, write_run):
    weights = ship_weights(model, tmp_path / "lite.pt")
    runs = {"all": [write_run(tmp_path / "one", 192)]}
    record = provenance(weights, variant="lite", image_size=192, view_sizes=[192], runs=runs)
    missing = {key for key, value in record.items() if value is None}
    evaluated = {"calibration", "operating_points", "validation", "failures", "held_out", "predicted_dice"}
    assert missing == evaluated | {"typical_images", "learned_from"}


def test_the_record_tells_nothing_of_the_machine(model, tmp_path, write_run, write_evaluation, overconfident):
    weights = ship_weights(model, tmp_path / "lite.pt")
    evaluation = write_evaluation(tmp_path / "evaluation", *overconfident(50, 1))
    run = write_run(tmp_path / "one", 192)
    record = provenance(
        weights,
        variant="lite",
        image_size=192,
        view_sizes=[192],
        runs={"all": [run]},
        held_out={"fold0": evaluation},
        validation={"paper": evaluation},
    )
    assert "somebody" not in json.dumps(record)
    assert training_record(run)["settings"] == {"image_size": 192, "seed": 3}


def test_the_operating_point_finds_nine_of_ten_melanomas(model, tmp_path, write_run, write_evaluation):
    # ten melanomas at 0.05, 0.15, ... 0.95: nine of them lie at 0.15 or above, as does one of the two nevi
    melanoma = np.array([*np.arange(0.05, 1, 0.1), 0.5, 0.01])
    probabilities = np.stack([1 - melanoma, melanoma, np.zeros(12)], axis=1)
    evaluation = write_evaluation(tmp_path / "evaluation", probabilities, np.array([1] * 10 + [0, 0]))
    record = provenance(
        ship_weights(model, tmp_path / "lite.pt"),
        variant="lite",
        image_size=192,
        view_sizes=[192],
        runs={"all": [write_run(tmp_path / "one", 192)]},
        validation={"paper": evaluation},
    )
    point = record["operating_points"]["melanoma_sensitivity_0.9"]["paper"]
    assert point["threshold"] == pytest.approx(0.15)
    assert (point["sensitivity"], point["specificity"]) == (0.9, 0.5)
    assert (point["melanomas"], point["others"]) == (10, 2)


def test_the_worst_masks_and_the_surest_wrong_answers_are_named(tmp_path):
    rows = [("a", 0.5, 0, 0.8, 0.1, 0.1), ("b", 0.1, 1, 0.6, 0.3, 0.1), ("c", 0.3, 2, 0.1, 0.7, 0.2)]
    keys = ("image_id", "JA", "label", *CLASS_NAMES)
    write_csv(tmp_path / "per_image.csv", [{**dict(zip(keys, row)), "DI": 0.5} for row in rows])
    found = failures(tmp_path, count=2)
    assert [case["image_id"] for case in found["masks"]] == ["b", "c"]
    assert found["classes"] == [
        {"image_id": "c", "true": "seborrheic_keratosis", "given": "melanoma", "probability": 0.7},
        {"image_id": "b", "true": "melanoma", "given": "nevus", "probability": 0.6},
    ]


def test_images_without_mask_or_diagnosis_are_no_failures(tmp_path):
    row = {"image_id": "a", "label": -1, **dict(zip(CLASS_NAMES, (0.1, 0.8, 0.1)))}
    write_csv(tmp_path / "per_image.csv", [row])
    assert failures(tmp_path) == {"masks": [], "classes": []}
