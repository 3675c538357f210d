# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from mt_transunet.losses import DualTaskConsistencyLoss, dual_task_consistency


def logits(probability: torch.Tensor) -> torch.Tensor:
    """(B, 1, H, W) lesion probability -> (B, 2, H, W) logits whose softmax it is, with an arbitrary offset."""
    return torch.cat([torch.full_like(probability, 3.0), 3.0 + torch.logit(probability)], dim=1)


def test_it_is_the_number_worked_out_by_hand():
    # sharpness 2, level sets 0 and ln(3)/2: S = sigmoid(0) = 1/2 and sigmoid(-ln 3) = 1/(1 + 3) = 1/4.
    # probabilities 3/4 and 1/2: ((3/4 - 1/2)^2 + (1/2 - 1/4)^2) / 2 = (1/16 + 1/16) / 2 = 1/16.
    probability = torch.tensor([0.75, 0.5], dtype=torch.float64).reshape(1, 1, 1, 2)
    level_set = torch.tensor([0.0, 0.5493061443340549], dtype=torch.float64).reshape(1, 1, 1, 2)
    loss = dual_task_consistency(logits(probability), level_set, sharpness=2.0)
    assert loss.item() == pytest.approx(1 / 16, abs=1e-12)


def test_the_mean_over_both_channels_is_the_same_number():
    # the background differs by (1 - p) - (1 - S) = -(p - S): the authors' mean over two channels is the same number
    generator = torch.Generator().manual_seed(0)
    mask_logits = torch.randn(2, 2, 4, 5, generator=generator, dtype=torch.float64)
    level_set = torch.randn(2, 1, 4, 5, generator=generator, dtype=torch.float64)
    soft = torch.sigmoid(-3.0 * level_set)
    both = (mask_logits.softmax(dim=1) - torch.cat([1 - soft, soft], dim=1)).square().mean()
    assert torch.isclose(dual_task_consistency(mask_logits, level_set, sharpness=3.0), both)


def test_the_paper_s_sharpness_makes_a_hard_mask_of_a_level_set_negative_inside():
    level_set = torch.tensor([-0.01, 0.01]).reshape(1, 1, 1, 2)
    agreeing = torch.tensor([[[[-20.0, 20.0]], [[20.0, -20.0]]]])
    assert DualTaskConsistencyLoss()(agreeing, level_set) < 1e-9
    assert DualTaskConsistencyLoss()(agreeing.flip(1), level_set) == pytest.approx(1.0, abs=1e-5)


def test_both_tasks_get_a_gradient():
    mask_logits = torch.zeros(1, 2, 2, 2, requires_grad=True)
    level_set = torch.full((1, 1, 2, 2), 0.001, requires_grad=True)
    dual_task_consistency(mask_logits, level_set).backward()
    assert (mask_logits.grad != 0).all() and (level_set.grad != 0).all()


def test_its_gradient_is_right():
    generator = torch.Generator().manual_seed(1)
    mask_logits = torch.randn(2, 2, 3, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    level_set = torch.rand(2, 1, 3, 2, generator=generator, dtype=torch.float64).sub(0.5).requires_grad_()
    assert torch.autograd.gradcheck(DualTaskConsistencyLoss(sharpness=3.0), (mask_logits, level_set))


@pytest.mark.parametrize("level_set_shape", [(2, 4, 4), (2, 2, 4, 4), (2, 1, 4, 5)])
def test_shapes_that_do_not_fit_are_refused(level_set_shape):
    with pytest.raises(ValueError, match=r"needs mask_logits \(B, 2, H, W\) and level_set \(B, 1, H, W\), got"):
        dual_task_consistency(torch.zeros(2, 2, 4, 4), torch.zeros(level_set_shape))
    with pytest.raises(ValueError, match="dual-task consistency"):
        dual_task_consistency(torch.zeros(2, 3, 4, 4), torch.zeros(2, 1, 4, 4))
