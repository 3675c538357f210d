# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
import torch

from mt_transunet.inferers import MeanPredictiond, member_keys


def outputs(logit, attention=0.25):
    """What one network says of one image of one pixel: lesion logit against background 0."""
    return {
        "mask_logits": torch.tensor([0.0, logit]).view(2, 1, 1),
        "class_logits": torch.tensor([0.0, logit, 0.0]),
        "attention": torch.full((2, 2), attention),
    }


def test_one_network_has_the_usual_key_and_several_are_numbered():
    assert member_keys(1) == ("pred",)
    assert member_keys(3) == ("pred0", "pred1", "pred2")


def test_no_network_is_refused():
    with pytest.raises(ValueError, match="at least one network"):
        member_keys(0)


def test_a_single_prediction_passes_unchanged():
    item = {"image": "x", "pred": outputs(1.0)}
    assert MeanPredictiond(("pred",))(item) == item


def test_logits_are_averaged():
    merged = MeanPredictiond(member_keys(2))({"image": "x", "pred0": outputs(1.0), "pred1": outputs(4.0)})
    assert set(merged) == {"image", "pred"}
    assert merged["pred"]["mask_logits"].flatten().tolist() == [0.0, 2.5]
    assert merged["pred"]["class_logits"].tolist() == [0.0, 2.5, 0.0]


def test_probabilities_are_averaged_when_asked_for():
    # log 3 and log 1/3 against 0: lesion with 3/4 and 1/4, one half on average
    item = {"pred0": outputs(math.log(3)), "pred1": outputs(-math.log(3))}
    merged = MeanPredictiond(member_keys(2), merge="probabilities")(item)
    assert merged["pred"]["mask_logits"].softmax(0).flatten().tolist() == pytest.approx([0.5, 0.5])
    # classes: 3/5 and 1/7 for melanoma
    assert merged["pred"]["class_logits"].softmax(0)[1].item() == pytest.approx((3 / 5 + 1 / 7) / 2)


def test_probabilities_are_averaged_pixel_by_pixel():
    logits = torch.arange(12.0).reshape(2, 2, 3).sin() * 3
    members = {f"pred{number}": {"mask_logits": logits * sign} for number, sign in enumerate((1, -0.5))}
    merged = MeanPredictiond(member_keys(2), merge="probabilities")(members)["pred"]["mask_logits"]
    lesion = [1 / (1 + math.exp(-float(sign * (logits[1, 1, 2] - logits[0, 1, 2])))) for sign in (1, -0.5)]
    assert merged.softmax(0)[1, 1, 2].item() == pytest.approx(sum(lesion) / 2)


def test_attention_and_what_else_there_is_are_averaged_as_they_are():
    merged = MeanPredictiond(member_keys(2))({"pred0": outputs(0.0, 0.25), "pred1": outputs(0.0, 0.75)})
    assert merged["pred"]["attention"].flatten().tolist() == [0.5] * 4


def test_a_member_without_prediction_is_named():
    with pytest.raises(KeyError, match="pred1"):
        MeanPredictiond(member_keys(2))({"pred0": outputs(0.0)})


def test_another_merge_is_refused():
    with pytest.raises(ValueError, match="median"):
        MeanPredictiond(("pred",), merge="median")
