# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
import torch

from mt_transunet.losses import class_cross_entropy, level_set_l2, mask_cross_entropy, mask_dice


def sure(mask: torch.Tensor, logit: float = 50.0) -> torch.Tensor:
    """Logits of a network that is right and certain of it."""
    return torch.cat([1 - mask, mask], dim=1) * logit


@pytest.fixture
def mask():
    mask = torch.zeros(2, 1, 4, 5, dtype=torch.float64)
    mask[0, 0, 1:3, 1:4] = 1
    mask[1, 0, 0] = 1
    return mask


def test_each_loss_is_zero_at_its_optimum(mask):
    assert mask_cross_entropy(sure(mask), mask) < 1e-9
    assert mask_dice(sure(mask), mask) < 1e-9
    assert level_set_l2(mask, mask) == 0
    assert class_cross_entropy(50 * torch.eye(3), torch.tensor([0, 1, 2])) < 1e-9


def test_mask_cross_entropy_is_over_the_channels_by_hand():
    # one pixel is lesion with logits 0 and ln 3: -ln(3 / 4); one is background with the same logits: -ln(1 / 4)
    logits = torch.tensor([0.0, math.log(3.0)]).reshape(1, 2, 1, 1).expand(1, 2, 1, 2)
    mask = torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 2)
    assert mask_cross_entropy(logits, mask).item() == pytest.approx((math.log(4 / 3) + math.log(4)) / 2, abs=1e-6)


def test_adding_to_the_lesion_channel_changes_the_mask_loss(mask):
    # the authors' softmax over the width is blind to this
    assert mask_cross_entropy(sure(mask) + torch.tensor([0.0, 100.0])[:, None, None], mask) > 10


def test_dice_of_an_undecided_network_by_hand():
    # p = 1/2 at 4 pixels, 1 of them lesion: 1 - 2 * 0.5 / (4 * 0.5 + 1) = 2/3, up to the smoothing of 1e-5
    mask = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    assert mask_dice(torch.zeros(1, 2, 2, 2), mask).item() == pytest.approx(2 / 3, abs=1e-5)


def test_level_set_l2_is_the_mean_square_by_hand():
    assert level_set_l2(torch.tensor([[[[0.5, -1.0]]]]), torch.tensor([[[[0.0, 1.0]]]])).item() == (0.25 + 4) / 2


def test_class_cross_entropy_is_the_mean_over_known_diagnoses():
    logits = torch.tensor([[0.0, 0.0, 0.0], [9.0, -9.0, 0.0], [math.log(2.0), 0.0, 0.0]])
    # the second image has no diagnosis: (ln 3 + ln(4 / 2)) / 2
    loss = class_cross_entropy(logits, torch.tensor([2, -1, 0]))
    assert loss.item() == pytest.approx((math.log(3) + math.log(2)) / 2, abs=1e-6)


def test_a_batch_without_diagnosis_has_class_loss_zero_and_a_graph():
    logits = torch.randn(2, 3, requires_grad=True)
    loss = class_cross_entropy(logits, torch.tensor([-1, -1]))
    loss.backward()
    assert loss == 0 and torch.equal(logits.grad, torch.zeros(2, 3))


def test_label_smoothing_by_hand():
    # target 0.9 + 0.1 / 3 on the right class, 0.1 / 3 on the others
    # log-softmax of (ln 2, 0, 0) is ln(2/4), ln(1/4), ln(1/4)
    loss = class_cross_entropy(torch.tensor([[math.log(2.0), 0.0, 0.0]]), torch.tensor([0]), label_smoothing=0.1)
    expected = -(0.9 + 0.1 / 3) * math.log(0.5) - 2 * 0.1 / 3 * math.log(0.25)
    assert loss.item() == pytest.approx(expected, abs=1e-6)


def test_class_weights_weigh_the_mean_by_hand():
    logits = torch.tensor([[0.0, 0.0, 0.0], [math.log(2.0), 0.0, 0.0]])
    # (3 * ln 3 + 1 * ln 2) / (3 + 1)
    loss = class_cross_entropy(logits, torch.tensor([1, 0]), class_weights=[1.0, 3.0, 1.0])
    assert loss.item() == pytest.approx((3 * math.log(3) + math.log(2)) / 4, abs=1e-6)


@pytest.mark.parametrize("weights", [2.0, [1.0, 2.0]])
def test_another_number_of_class_weights_is_refused(weights):
    with pytest.raises(ValueError, match="class_weights must be 3 numbers, one for each class"):
        class_cross_entropy(torch.zeros(1, 3), torch.tensor([0]), class_weights=weights)


def test_a_batch_of_classes_without_weight_has_class_loss_zero_and_a_graph():
    logits = torch.randn(2, 3, requires_grad=True)
    loss = class_cross_entropy(logits, torch.tensor([0, -1]), class_weights=[0.0, 1.0, 1.0])
    loss.backward()
    assert loss == 0 and logits.grad is not None


def test_their_gradients_are_right(mask):
    generator = torch.Generator().manual_seed(0)

    def random(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)

    check = torch.autograd.gradcheck
    assert check(lambda logits: mask_cross_entropy(logits, mask), random(2, 2, 4, 5))
    assert check(lambda logits: mask_dice(logits, mask), random(2, 2, 4, 5))
    assert check(lambda level_set: level_set_l2(level_set, mask), random(2, 1, 4, 5))
    label = torch.tensor([0, -1, 2, 1])
    smoothed = {"label_smoothing": 0.05, "class_weights": (1.0, 2.0, 3.0)}
    assert check(lambda logits: class_cross_entropy(logits, label, **smoothed), random(4, 3))
