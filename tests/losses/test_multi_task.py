# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
import torch
from monai.losses import TverskyLoss

from mt_transunet.losses import (
    PARTS,
    MultiTaskLoss,
    attended_region_consistency,
    class_cross_entropy,
    dual_task_consistency,
    level_set_l2,
    mask_cross_entropy,
)

PAPER = {"mask": 1.0, "class": 0.25, "level_set": 5.0, "dual_task": 1.0, "attended_region": 1.0}
ALL = dict.fromkeys(PARTS, 1.0)


@pytest.fixture
def prediction():
    generator = torch.Generator().manual_seed(0)

    def random(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)

    attention = random(4, 2, 3).detach().flatten(1).softmax(dim=1).view(4, 2, 3).requires_grad_()
    shapes = {"mask_logits": (4, 2, 4, 6), "level_set": (4, 1, 4, 6), "class_logits": (4, 3)}
    return {**{name: random(*shape) for name, shape in shapes.items()}, "attention": attention}


@pytest.fixture
def target():
    """Two images with mask, two without; two diagnoses known."""
    mask = torch.zeros(4, 1, 4, 6, dtype=torch.float64)
    mask[0, 0, 1:3, 2:5] = mask[2, 0, :2] = 1
    return {
        "mask": mask,
        "level_set": torch.where(mask > 0, -0.5, 0.7),
        "has_mask": torch.tensor([1.0, 0.0, 1.0, 0.0]),
        "label": torch.tensor([0, 2, -1, -1]),
    }


def test_a_mixed_batch_is_lab_over_its_labelled_and_unlab_over_all(prediction, target):
    # LAB = MASK + 5 LSF (Eq. 11) over images 0 and 2, UNLAB = w DTC + ARC (Eq. 12) over all, 0.25 CLS beside them
    labelled = [0, 2]
    lab = mask_cross_entropy(prediction["mask_logits"][labelled], target["mask"][labelled])
    lab = lab + 5 * level_set_l2(prediction["level_set"][labelled], target["level_set"][labelled])
    dual_task = dual_task_consistency(prediction["mask_logits"], prediction["level_set"])
    unlab = 0.4 * dual_task + attended_region_consistency(prediction["attention"], prediction["mask_logits"])
    diagnosis = class_cross_entropy(prediction["class_logits"][:2], torch.tensor([0, 2]))
    loss = MultiTaskLoss({**PAPER, "dual_task": 0.4})
    assert torch.isclose(loss(prediction, target), lab + unlab + 0.25 * diagnosis)


def test_parts_are_unweighted_detached_and_hold_the_sum(prediction, target):
    loss = MultiTaskLoss(PAPER)
    total = loss(prediction, target)
    assert set(loss.parts) == set(PAPER) | {"loss"} and torch.equal(loss.parts["loss"], total.detach())
    assert torch.isclose(sum(PAPER[name] * loss.parts[name] for name in PAPER), loss.parts["loss"])
    assert not any(part.requires_grad for part in loss.parts.values())


def test_what_an_image_without_mask_shows_under_mask_is_ignored(prediction, target):
    loss = MultiTaskLoss(ALL)
    before = loss(prediction, target)
    target["mask"][[1, 3]], target["level_set"][[1, 3]] = 1.0, -1.0
    assert torch.equal(loss(prediction, target), before)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_weight_zero_is_not_computed(prediction, target, name):
    loss = MultiTaskLoss({**ALL, name: 0})
    loss(prediction, target)
    assert set(loss.parts) == (set(PARTS) | {"loss"}) - {name}


def test_a_skipped_part_may_be_broken(prediction, target):
    prediction["attention"] = torch.full((4, 2, 3), torch.nan)
    assert torch.isfinite(MultiTaskLoss({"mask": 1.0})(prediction, target))


def test_weights_may_change_between_calls(prediction, target):
    loss = MultiTaskLoss({"dual_task": 1.0})
    whole = loss(prediction, target)
    loss.weights["dual_task"] = 0.25
    assert torch.isclose(loss(prediction, target), whole / 4)


def test_without_masks_lab_is_zero_and_every_output_has_a_gradient(prediction, target):
    target["has_mask"] = torch.zeros(4)
    loss = MultiTaskLoss({"mask": 1.0, "dice": 1.0, "level_set": 1.0})
    loss(prediction, target).backward()
    assert all(loss.parts[name] == 0 for name in ("mask", "dice", "level_set"))
    assert prediction["mask_logits"].grad.abs().sum() == prediction["level_set"].grad.abs().sum() == 0


def test_without_diagnoses_the_class_part_is_zero(prediction, target):
    target["label"] = torch.full((4,), -1)
    loss = MultiTaskLoss(PAPER)
    loss(prediction, target).backward()
    assert loss.parts["class"] == 0 and prediction["class_logits"].grad.abs().sum() == 0


def test_the_sum_is_zero_at_the_optimum_of_every_part(target):
    target["has_mask"] = torch.ones(4)
    target["label"] = torch.tensor([0, 1, 2, 1])
    mask = target["mask"]
    mask[1:] = mask[0]  # a lesion for the attention to rest on in every image
    attention = torch.zeros(4, 4, 6, dtype=torch.float64)
    attention[:, 1, 3] = 1
    prediction = {
        "mask_logits": torch.cat([1 - mask, mask], dim=1) * 60,
        "level_set": target["level_set"].copy_(torch.where(mask > 0, -0.5, 0.7)),
        "class_logits": torch.nn.functional.one_hot(target["label"], 3).double() * 60,
        "attention": attention,
    }
    assert MultiTaskLoss(ALL)(prediction, target) < 1e-9


def test_another_loss_takes_the_place_of_the_dice_loss(prediction, target):
    told = {"include_background": False, "softmax": True, "to_onehot_y": True}
    loss = MultiTaskLoss({"dice": 2.0}, dice_loss=TverskyLoss(alpha=0.2, beta=0.8, **told))
    probability = prediction["mask_logits"].softmax(dim=1)[[0, 2], 1].flatten(1)
    mask = target["mask"][[0, 2], 0].flatten(1)
    hit, extra, missed = (
        (p * m).sum(1) for p, m in ((probability, mask), (probability, 1 - mask), (1 - probability, mask))
    )
    expected = (1 - hit / (hit + 0.2 * extra + 0.8 * missed)).mean()
    assert loss(prediction, target).item() == pytest.approx(2 * expected.item(), rel=1e-4)


def test_the_gradient_of_the_whole_is_right(prediction, target):
    loss = MultiTaskLoss({**PAPER, "dice": 1.0}, sharpness=3.0, label_smoothing=0.05, class_weights=[1.0, 2.0, 3.0])
    names = tuple(prediction)

    def whole(*outputs):
        return loss(dict(zip(names, outputs)), target)

    assert torch.autograd.gradcheck(whole, tuple(prediction.values()))


def test_detach_mask_keeps_the_attended_region_from_the_mask(prediction, target):
    MultiTaskLoss({"attended_region": 1.0}, detach_mask=True)(prediction, target).backward()
    assert prediction["mask_logits"].grad is None and prediction["attention"].grad is not None


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_loss_that_is_not_finite_names_its_part(prediction, target, value):
    prediction["level_set"] = torch.full_like(prediction["level_set"], value)
    loss = MultiTaskLoss({"mask": 1.0, "level_set": 1.0})
    with pytest.raises(
        FloatingPointError, match=r"not finite \(mask \d\S*, level_set (nan|inf), loss (nan|inf)\): lower"
    ):
        loss(prediction, target)


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match=r"unknown loss \['dise'\], known are mask, dice, class"):
        MultiTaskLoss({"dise": 1.0})


@pytest.mark.parametrize("weight", [-1.0, "a", None, math.nan, math.inf])
def test_a_weight_that_is_no_number_of_0_or_more_is_refused(weight):
    with pytest.raises(ValueError, match="the weight of mask must be a number of 0, which switches it off, or more"):
        MultiTaskLoss({"mask": weight, "class": 1.0})


@pytest.mark.parametrize("options", [{"label_smoothing": 1.2}, {"label_smoothing": -0.1}, {"sharpness": -5.0}])
def test_options_out_of_their_range_are_refused(options):
    with pytest.raises(ValueError, match="label_smoothing lies between 0 and 1, and sharpness is above 0"):
        MultiTaskLoss({"mask": 1.0}, **options)


@pytest.mark.parametrize("weights", [{}, {"mask": 0.0}])
def test_weights_that_train_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="all loss weights are 0"):
        MultiTaskLoss(weights)


def test_a_blended_batch_asks_for_both_targets_by_their_shares(prediction, target):
    order = [3, 2, 1, 0]
    other = {name: value[order] for name, value in target.items()}
    loss = MultiTaskLoss(ALL)
    first, second = float(loss(prediction, target)), float(loss(prediction, other))
    blended = loss(prediction, {**target, "mixed_with": other, "share": 0.7})
    assert float(blended) == pytest.approx(0.7 * first + 0.3 * second, rel=1e-9)
    assert float(loss.parts["loss"]) == pytest.approx(float(blended))


@pytest.mark.parametrize(
    "weights, all_heads",
    [
        ({"mask": 1.0, "class": 0.25, "level_set": 5.0}, True),
        ({"class": 0.25, "dual_task": 1.0}, True),  # which reads mask and level set
        ({"mask": 1.0, "class": 0.25}, False),
        ({"mask": 1.0, "level_set": 5.0, "class": 0.0}, False),
    ],
)
def test_a_head_that_no_part_reads_is_known(weights, all_heads):
    assert MultiTaskLoss(weights).trains_every_head is all_heads


@pytest.mark.parametrize("detach_mask", [False, True])
def test_a_detached_mask_learns_nothing_from_the_attended_region(prediction, target, detach_mask):
    loss = MultiTaskLoss({"class": 1.0, "level_set": 1.0, "attended_region": 1.0}, detach_mask=detach_mask)
    loss(prediction, target).backward()
    assert loss.trains_every_head is (prediction["mask_logits"].grad is not None) is not detach_mask


def test_a_target_that_lacks_something_is_told_what(prediction, target):
    loss = MultiTaskLoss({"mask": 1.0, "class": 0.5, "level_set": 5.0})
    del target["level_set"], target["label"]
    with pytest.raises(ValueError, match="the target has no label, level_set; the losses mask, class, level_set need"):
        loss(prediction, target)


def test_weights_that_are_no_mapping_are_shown():
    with pytest.raises(ValueError, match="the loss weights are 'mask'; give a dict"):
        MultiTaskLoss("mask")
