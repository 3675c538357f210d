# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mt_transunet.data.image_digest import image_digest
from mt_transunet.engines import Findings

PREDICTOR = {"intercept": 1.0, "weights": [-1.0, 0.0, 0.0], "doubtful": 0.7, "n": 150, "spearman": 0.6}
PREDICTOR |= {"mean_error": 0.1, "jaccard_all": 0.79, "jaccard_kept": 0.83}
RECORD = {
    "operating_points": {"melanoma_sensitivity_0.9": {"fast": {"threshold": 0.25}}},
    "predicted_dice": {"fast": PREDICTOR},
}


def output(melanoma=0.3, dice=0.8):
    confidence = {"predicted_dice": dice, "agreement": 0.96, "spread": math.nan}
    return {"pred_class_logits": torch.tensor([0.6, melanoma, 0.4 - melanoma]), "pred_confidence": confidence}


@pytest.fixture
def lesion():
    """A photograph with a sharp structured square on skin, and its mask."""
    picture = np.full((120, 160, 3), (220, 190, 170), np.uint8)
    mask = np.zeros((120, 160), bool)
    mask[40:80, 60:100] = True
    picture[mask] = (110, 70, 50)
    picture[40:80:4, 60:100] = (60, 40, 30)
    return picture, mask


def test_the_likeliest_class_is_named_beside_all_probabilities(lesion):
    row = Findings(views="fast")(*lesion, output())
    assert row["predicted"] == "nevus"
    assert [row[name] for name in ("nevus", "melanoma", "seborrheic_keratosis")] == pytest.approx([0.6, 0.3, 0.1])


@pytest.mark.parametrize("melanoma, suspected", [(0.25, True), (0.2, False)])
def test_melanoma_is_suspected_from_the_recorded_threshold_on(lesion, melanoma, suspected):
    assert Findings(record=RECORD, views="fast")(*lesion, output(melanoma))["melanoma_suspected"] is suspected


def test_without_a_record_for_the_views_nothing_is_claimed_and_the_log_says_so(lesion, caplog):
    for told in ({"views": "fast"}, {"record": RECORD, "views": "paper"}):
        caplog.clear()
        row = Findings(**told)(*lesion, output())
        assert "nobody measured" in caplog.text
        assert row["melanoma_suspected"] is None and "doubtful_mask" not in row["flags"]


def test_views_that_a_threshold_was_measured_with_are_named(caplog):
    Findings(record=RECORD, views="paper")
    assert "(with --views fast it was)" in caplog.text


def test_with_a_record_for_the_views_nothing_is_warned_of(lesion, caplog):
    Findings(record=RECORD, views="fast")
    assert not caplog.records


@pytest.mark.parametrize("dice, doubtful", [(0.7, False), (0.69, True)])
def test_a_predicted_dice_below_the_recorded_limit_is_flagged(lesion, dice, doubtful):
    row = Findings(record=RECORD, views="fast")(*lesion, output(dice=dice))
    assert row["predicted_dice"] == dice and ("doubtful_mask" in row["flags"]) is doubtful


def test_an_empty_mask_is_flagged_once(lesion):
    picture, mask = lesion
    row = Findings(record=RECORD, views="fast")(picture, np.zeros_like(mask), output(dice=0.0))
    assert "no_lesion" in row["flags"] and "doubtful_mask" not in row["flags"]


def test_a_photograph_that_viewers_turn_is_flagged_last(lesion):
    picture, mask = lesion
    assert Findings(views="fast")(picture, mask, output(), turned=True)["flags"][-1] == "exif_rotated"
    assert "exif_rotated" not in Findings(views="fast")(picture, mask, output())["flags"]


def test_an_image_that_the_weights_learned_from_is_flagged(lesion, tmp_path):
    (tmp_path / "mole.jpg").write_bytes(b"one")
    (tmp_path / "other.jpg").write_bytes(b"two")
    findings = Findings(views="fast", learned_from=[image_digest({"image": str(tmp_path / "mole.jpg")})])
    assert findings(*lesion, output(), path=tmp_path / "mole.jpg")["flags"][-1] == "seen_in_training"
    assert "seen_in_training" not in findings(*lesion, output(), path=tmp_path / "other.jpg")["flags"]
    assert "seen_in_training" not in findings(*lesion, output())["flags"]


def test_measurements_and_confidences_are_plain_values_or_none(lesion):
    row = Findings(views="fast", millimetres_per_pixel=0.1)(*lesion, output())
    assert row["area_px"] == 1600 and row["area_mm2"] == pytest.approx(16) and row["lesion_fraction"] == 0.083333
    assert row["agreement"] == 0.96 and row["spread"] is None


def test_an_output_without_confidence_has_no_predicted_dice(lesion):
    plain = {"pred_class_logits": output()["pred_class_logits"]}
    assert Findings(record=RECORD, views="fast")(*lesion, plain)["predicted_dice"] is None


@pytest.mark.parametrize("setting, millimetres, area", [(None, 0.1, 16), (0.05, 0.1, 4), (0.05, None, 4)])
def test_the_scale_that_is_set_goes_before_the_photograph_s_own(lesion, setting, millimetres, area):
    findings = Findings(views="fast", millimetres_per_pixel=setting)
    row = findings(*lesion, output(), millimetres_per_pixel=millimetres)
    assert row["area_mm2"] == pytest.approx(area)  # 1600 pixels


def test_without_any_scale_there_are_no_millimetres(lesion):
    assert Findings(views="fast")(*lesion, output())["area_mm2"] is None
