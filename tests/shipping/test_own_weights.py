# SPDX-License-Identifier: Apache-2.0
"""A training of one's own made into a file to give away."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from mt_transunet import load_network
from mt_transunet.bundle_command import CONFIGS
from mt_transunet.data import load_datalist, write_synthetic_dataset
from mt_transunet.data.image_digest import image_digest
from mt_transunet.engines.findings import Findings
from mt_transunet.inferers import view_symmetries
from mt_transunet.metrics import summarise, with_temperature
from mt_transunet.networks import read_provenance
from mt_transunet.quality import DicePredictor
from mt_transunet.seen_images import ENDING, learned_from
from mt_transunet.shipping import own_weights, ship_own, weights_file
from mt_transunet.shipping.own_weights import FEWEST_LABELLED


def logits_of(weights, image):
    with torch.no_grad():
        return load_network(weights)(image)["class_logits"]


def test_the_class_logits_are_divided_by_the_temperature_of_unseen_images(run, judge, overconfident, tmp_path):
    own = ship_own(run, tmp_path / "own.pt", evaluation=judge(*overconfident(1000, 0)))
    image = torch.rand(1, 3, 32, 32)
    assert read_provenance(own)["calibration"]["temperature"] == pytest.approx(3.0, rel=0.1)  # as they were drawn
    ratio = logits_of(run / "model.pt", image) / logits_of(own, image)
    torch.testing.assert_close(ratio, torch.full((1, 3), 3.0), rtol=0.1, atol=0)


def test_figures_and_threshold_are_those_at_the_temperature(run, judge, overconfident, tmp_path):
    probabilities, labels = overconfident(400, 1)
    record = read_provenance(ship_own(run, tmp_path / "own.pt", evaluation=judge(probabilities, labels)))
    temperature = record["calibration"]["temperature"]
    melanoma = np.sort(with_temperature(probabilities, temperature)[labels == 1, 1])[::-1]
    point = record["operating_points"]["melanoma_sensitivity_0.9"]["fast"]
    assert point["threshold"] == pytest.approx(melanoma[int(np.ceil(0.9 * len(melanoma))) - 1])
    figures = record["held_out"]["val"]["calibration"]
    assert figures["ECE"] == pytest.approx(record["calibration"]["at_temperature"]["ECE"])


def test_probabilities_that_no_temperature_makes_better_stay_as_trained(run, judge, tmp_path):
    # each class is right exactly as often as it is said to be, so that 1 is the best temperature already
    probabilities = np.tile([[0.7, 0.2, 0.1], [0.1, 0.7, 0.2]], (50, 1))
    rights = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 2, 1, 2, 2, 0]
    record = read_provenance(ship_own(run, tmp_path / "own.pt", evaluation=judge(probabilities, np.array(rights * 5))))
    assert record["calibration"]["temperature"] == 1
    assert record["calibration"]["log_loss"] == record["calibration"]["log_loss_before"]
    image = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(
        logits_of(tmp_path / "own.pt", image), logits_of(run / "model.pt", image), rtol=2e-3, atol=1e-3
    )


def test_few_diagnoses_give_no_temperature(run, judge, overconfident, tmp_path, caplog):
    evaluation = judge(*overconfident(FEWEST_LABELLED - 1, 2))
    record = read_provenance(ship_own(run, tmp_path / "own.pt", evaluation=evaluation))
    assert record["calibration"] is None and record["format"] == "float16 state dict"
    assert "49 images with a diagnosis, " in caplog.text and "which stay as trained (50 and 10 are" in caplog.text


def test_one_diagnosis_alone_gives_no_temperature(run, judge, overconfident, tmp_path, caplog):
    probabilities, labels = overconfident(200, 2)
    labels[:] = 0
    labels[:9] = 2
    record = read_provenance(ship_own(run, tmp_path / "own.pt", evaluation=judge(probabilities, labels)))
    assert record["calibration"] is None and "200 images with a diagnosis, 9 of the second most" in caplog.text


def test_answers_that_are_all_right_give_no_temperature(run, judge, overconfident, tmp_path, caplog):
    caplog.set_level("INFO")
    probabilities, _ = overconfident(100, 2)
    evaluation = judge(probabilities, probabilities.argmax(axis=1))
    record = read_provenance(ship_own(run, tmp_path / "own.pt", evaluation=evaluation))
    assert record["calibration"]["temperature"] == 1
    assert "the temperature 0.05 does not help" in caplog.text


def test_fewer_than_ten_melanomas_give_no_threshold(run, judge, overconfident, tmp_path):
    probabilities, labels = overconfident(60, 3)
    labels[np.flatnonzero(labels == 1)[9:]] = 0
    assert (labels == 1).sum() == 9
    record = read_provenance(ship_own(run, tmp_path / "own.pt", evaluation=judge(probabilities, labels)))
    assert record["operating_points"] == {"melanoma_sensitivity_0.9": {}}


def test_one_answer_for_all_images_gives_no_threshold(run, judge, tmp_path):
    evaluation = judge(np.full((60, 3), 1 / 3), np.arange(60) % 3)
    record = read_provenance(ship_own(run, tmp_path / "own.pt", evaluation=evaluation))
    assert record["operating_points"] == {"melanoma_sensitivity_0.9": {}}


def test_inference_knows_the_dice_to_expect(run, judge, overconfident, tmp_path):
    evaluation = judge(*overconfident(60, 4), masks=True)
    record = read_provenance(ship_own(run, tmp_path / "own.pt", evaluation=evaluation))
    found = DicePredictor.of_record(record, "fast")
    assert found.n == 60 and found.spearman > 0.9
    assert record["held_out"]["val"]["segmentation"]["JA"]["value"] == pytest.approx(0.5 + 0.4 * 59 / 120)


def test_the_intervals_are_of_as_many_resamples_as_the_evaluations(run, judge, overconfident, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(own_weights, "summarise", lambda rows, **how: asked.append(how) or summarise(rows, **how))
    ship_own(run, tmp_path / "own.pt", evaluation=judge(*overconfident(60, 4), resamples=7, seed=5))
    assert asked == [{"resamples": 7, "seed": 5}]


def test_inference_suspects_melanoma_by_the_record(run, judge, overconfident, tmp_path):
    record = read_provenance(ship_own(run, tmp_path / "own.pt", evaluation=judge(*overconfident(200, 4))))
    threshold = record["operating_points"]["melanoma_sensitivity_0.9"]["fast"]["threshold"]
    assert Findings(record=record, views="fast").threshold == threshold
    assert Findings(record=record, views="paper").threshold is None  # of which nobody measured any


@pytest.mark.parametrize("views, sizes, used_at", [("fast", [48], (48, [32, 48])), ("paper", [16, 32], (32, [16, 32]))])
def test_the_network_is_used_at_the_sizes_it_was_judged_at(run, judge, overconfident, tmp_path, views, sizes, used_at):
    evaluation = judge(*overconfident(60, 5), views=views, sizes=sizes, symmetries=view_symmetries(views))
    record = read_provenance(ship_own(run, tmp_path / "own.pt", evaluation=evaluation))
    assert (record["image_size"], record["view_sizes"]) == used_at


def test_other_views_than_those_of_inference_are_told(run, judge, overconfident, tmp_path, caplog):
    evaluation = judge(*overconfident(60, 5), views="none", symmetries=view_symmetries("none"))
    ship_own(run, tmp_path / "own.pt", evaluation=evaluation)
    usual = json.loads((CONFIGS / "inference.json").read_text())["displayable_configs"]["views"]
    assert f"holds for --views none alone; inference's own is {usual}" in caplog.text


def test_the_list_of_images_and_a_card_lie_beside_it_and_nothing_else(run, judge, overconfident, tmp_path):
    own = ship_own(run, tmp_path / "new" / "own.pt", evaluation=judge(*overconfident(60, 6)))
    assert sorted(path.name for path in own.parent.iterdir()) == ["own.images.txt", "own.json", "own.md", "own.pt"]
    assert learned_from(own) == {"0123456789ab"}
    assert read_provenance(own)["learned_from"]["images"] == 1


def test_nothing_that_is_given_away_names_an_image_or_a_folder(run, judge, overconfident, tmp_path):
    own = ship_own(run, tmp_path / "own.pt", evaluation=judge(*overconfident(60, 7)))
    for ending in (".json", ".md", ENDING):
        text = own.with_suffix(ending).read_text()
        assert "somebody" not in text and '"i7"' not in text and str(tmp_path) not in text


def test_the_photographs_it_knows_are_those_of_the_training(run, judge, overconfident, tmp_path, tell):
    dataset = write_synthetic_dataset(tmp_path / "data", training=41, validation=1, test=1, additional=1)
    items = load_datalist(dataset, splits="training")["training"]
    (run / f"model{ENDING}").write_text("\n".join(map(image_digest, items[:40])))  # the last came later
    tell(run, dataset_dir=str(dataset))
    own = ship_own(run, tmp_path / "own.pt", evaluation=judge(*overconfident(60, 8)))
    assert read_provenance(own)["typical_images"]["n"] == 40


def test_images_that_are_gone_leave_that_unsaid(run, judge, overconfident, tmp_path, caplog, tell):
    tell(run, dataset_dir=str(tmp_path / "gone"))
    own = ship_own(run, tmp_path / "own.pt", evaluation=judge(*overconfident(60, 9)))
    assert read_provenance(own)["typical_images"] is None
    assert "what the training images look like stays unknown" in caplog.text and "gone does not exist" in caplog.text


@pytest.mark.parametrize(
    "keep, judged_by, chosen, told",
    [
        ({"keep": "best"}, "1234", True, "They flatter"),
        ({}, "1234", True, "They flatter"),  # of an older version, which always kept the best
        ({"keep": "best"}, "5678", None, "among the images below is not on record"),
        ({"keep": "last"}, "1234", False, ""),
    ],
)
def test_weights_that_were_chosen_on_the_images_say_so(
    run, judge, overconfident, tmp_path, tell, keep, judged_by, chosen, told
):
    tell(run, keep=None, image_ids={"validation": "1234"})
    settings = json.loads((run / "config.json").read_text())
    del settings["settings"]["keep"]
    (run / "config.json").write_text(json.dumps(settings))
    tell(run, **keep)
    own = ship_own(run, tmp_path / "own.pt", evaluation=judge(*overconfident(60, 10), image_ids=judged_by))
    card = own.with_suffix(".md").read_text()
    assert read_provenance(own)["chosen_on_these"] is chosen
    assert told in card and ("**They flatter" in card or "**These weights were" in card) is bool(told)


def test_a_failure_leaves_nothing(run, judge, overconfident, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError("no space left")

    monkeypatch.setattr(weights_file, "write_json", full)
    with pytest.raises(OSError, match="no space left"):
        ship_own(run, tmp_path / "new" / "own.pt", evaluation=judge(*overconfident(60, 11)))
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("ending", [".pt", ".json", ".md", ENDING])
def test_a_file_that_is_there_is_not_written_over(run, judge, overconfident, tmp_path, ending):
    (tmp_path / f"own{ending}").write_bytes(b"somebody's list of images")
    with pytest.raises(ValueError, match=f"own{ending} exists; move it away, or give own.pt another name or folder"):
        ship_own(run, tmp_path / "own.pt", evaluation=judge(*overconfident(60, 11)))
    assert [path.read_bytes() for path in tmp_path.glob("own*")] == [b"somebody's list of images"]


def test_another_ending_is_refused(run, judge, overconfident, tmp_path):
    with pytest.raises(ValueError, match="weights are files that end in .pt, got .*own.pth"):
        ship_own(run, tmp_path / "own.pth", evaluation=judge(*overconfident(60, 12)))


def test_images_without_a_diagnosis_have_no_part_in_the_calibration(run, judge, overconfident, tmp_path):
    probabilities, labels = overconfident(80, 13)
    labels[60:] = -1
    found = read_provenance(ship_own(run, tmp_path / "own.pt", evaluation=judge(probabilities, labels)))
    assert found["calibration"]["n"] == found["held_out"]["val"]["classification"]["n"] == 60
