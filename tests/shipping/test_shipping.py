# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from mt_transunet import CLASS_NAMES, shipping
from mt_transunet.atomic import write_csv
from mt_transunet.networks import load_network, weights_hash
from mt_transunet.seen_images import ENDING, learned_from
from mt_transunet.shipping import average_weights, held_out_calibration, ship_weights, write_shipped
from mt_transunet.weights_record import failures, provenance, training_record


def test_shipped_weights_are_half_precision_and_plain_tensors(model, tmp_path):
    state = torch.load(ship_weights(model, tmp_path / "lite.pt"), weights_only=True)
    assert {value.dtype for value in state.values()} == {torch.float16, torch.int64}


def test_the_temperature_divides_the_class_logits_and_nothing_else(model, tmp_path):
    plain = load_network(ship_weights(model, tmp_path / "plain.pt"))
    cooled = load_network(ship_weights(model, tmp_path / "cooled.pt", temperature=2.0))
    image = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        before, after = plain(image), cooled(image)
    torch.testing.assert_close(after["class_logits"], before["class_logits"] / 2, rtol=2e-3, atol=1e-4)
    assert torch.equal(after["mask_logits"], before["mask_logits"])


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_not_positive_is_refused(model, tmp_path, temperature):
    with pytest.raises(ValueError, match="temperature must be positive"):
        ship_weights(model, tmp_path / "lite.pt", temperature=temperature)


def test_a_weight_too_large_for_half_precision_is_named(model, tmp_path):
    state = torch.load(model)
    state["mask_head.weight"] += 1e6
    torch.save(state, model)
    with pytest.raises(ValueError, match="mask_head.weight does not fit into float16"):
        ship_weights(model, tmp_path / "lite.pt")


def test_the_mean_of_weights_is_taken_entry_by_entry(tmp_path):
    for name, value in (("a", 1.0), ("b", 4.0), ("c", 4.0)):
        torch.save({"w": torch.full((2,), value), "n": torch.tensor(int(value))}, tmp_path / f"{name}.pt")
    mean = torch.load(average_weights([tmp_path / f"{name}.pt" for name in "abc"], tmp_path / "mean.pt"))
    assert mean["w"].tolist() == [3.0, 3.0] and mean["n"] == 1


def test_networks_that_differ_have_no_mean(tmp_path):
    torch.save({"w": torch.zeros(2)}, tmp_path / "a.pt")
    torch.save({"w": torch.zeros(3)}, tmp_path / "b.pt")
    with pytest.raises(ValueError, match="are not of one network"):
        average_weights([tmp_path / "a.pt", tmp_path / "b.pt"], tmp_path / "mean.pt")


def test_the_temperature_of_overconfident_held_out_answers_is_found(tmp_path, write_evaluation, overconfident):
    folds = [write_evaluation(tmp_path / f"fold{k}", *overconfident(1000, k)) for k in range(2)]
    found = held_out_calibration(folds)
    assert found["n"] == 2000
    assert found["temperature"] == pytest.approx(3.0, rel=0.1)
    for judged in (found, found["at_temperature"]):
        assert judged["ECE"] < 0.5 * found["ECE_before"]
        assert 0 < judged["ECE_perfect_mean"] < judged["ECE_perfect_95"]


def test_no_image_is_judged_at_a_temperature_it_helped_to_fit(tmp_path, write_evaluation):
    # five images, one a part: a temperature fitted on all five would know that one of them is wrong
    probabilities = np.array([[0.9, 0.05, 0.05]] * 4 + [[0.9, 0.05, 0.05]])
    labels = np.array([0, 0, 0, 0, 1])
    found = held_out_calibration([write_evaluation(tmp_path / "fold", probabilities, labels)])
    # the last image alone is judged by four that were all right, hence with full confidence, and is wrong
    assert found["ECE"] > 0.19


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


def test_the_list_of_images_goes_with_the_weights_to_their_last_name(model, tmp_path):
    model.with_suffix(ENDING).write_text("0123456789ab\n")
    candidate = ship_weights(average_weights([model, model], tmp_path / "mean.pt"), tmp_path / "candidate.pt")
    weights = write_shipped(candidate, tmp_path / "out.pt", {"sha256": weights_hash(candidate)})
    assert learned_from(weights) == {"0123456789ab"}
    unknown = ship_weights(average_weights([weights], tmp_path / "again.pt"), tmp_path / "unknown.pt")
    unknown.with_suffix(ENDING).unlink()
    assert learned_from(write_shipped(unknown, weights, {"sha256": weights_hash(unknown)})) is None


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


def test_the_candidate_gets_its_name_and_its_record(tmp_path):
    (tmp_path / "candidate.pt").write_bytes(b"weights")
    path = write_shipped(tmp_path / "candidate.pt", tmp_path / "lite.pt", {"sha256": "abc"})
    assert path.read_bytes() == b"weights" and not (tmp_path / "candidate.pt").exists()
    assert json.loads((tmp_path / "lite.json").read_text()) == {"sha256": "abc"}


def test_of_a_file_too_large_for_a_bundle_it_is_said_what_to_do(tmp_path, monkeypatch, caplog):
    (tmp_path / "candidate.pt").write_bytes(b"weights")
    monkeypatch.setattr(shipping, "LARGEST", 6)
    write_shipped(tmp_path / "candidate.pt", tmp_path / "lite.pt", {})
    assert "lite.pt has 7 bytes: the model zoo takes 6 in a bundle" in caplog.text


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
