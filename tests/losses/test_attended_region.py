# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mt_transunet.losses import AttendedRegionConsistencyLoss, attended_region_consistency


def logits(probability: torch.Tensor) -> torch.Tensor:
    """(B, H, W) lesion probability -> (B, 2, H, W) logits whose softmax it is."""
    return torch.stack([torch.zeros_like(probability), torch.logit(probability)], dim=1)


def test_it_is_the_number_worked_out_by_hand():
    # A 2x2 mask on a 1x2 grid: bilinear sampling at the centres of the two halves takes the mean of each column.
    # Columns (0.9, 0.5) and (0.2, 0.4): p = 0.7 and 0.3. A = 0.75 and 0.25.
    # (1 - 0.7) * 0.75 + (1 - 0.3) * 0.25 = 0.225 + 0.175 = 0.4.
    first = torch.tensor([[0.9, 0.2], [0.5, 0.4]], dtype=torch.float64)
    # Second image: p = 0.5 everywhere, so 0.5 wherever it looks. Mean over the batch: 0.45.
    mask_logits = logits(torch.stack([first, torch.full((2, 2), 0.5, dtype=torch.float64)]))
    attention = torch.tensor([[[0.75, 0.25]], [[1.0, 0.0]]], dtype=torch.float64)
    assert attended_region_consistency(attention[:1], mask_logits[:1]).item() == pytest.approx(0.4, abs=1e-12)
    assert attended_region_consistency(attention, mask_logits).item() == pytest.approx(0.45, abs=1e-12)


def test_it_is_zero_inside_the_lesion_and_one_outside():
    attention = torch.zeros(1, 2, 2)
    attention[0, 0, 1] = 1.0
    inside = torch.full((1, 2, 2), 1e-9)
    inside[0, 0, 1] = 1 - 1e-7
    assert attended_region_consistency(attention, logits(inside)) < 1e-5
    assert attended_region_consistency(attention, logits(1 - inside)) > 1 - 1e-5


def test_moving_attention_into_the_lesion_lowers_it():
    mask_logits = logits(torch.tensor([[[0.9, 0.1]]]))
    shares = [torch.tensor([[[share, 1 - share]]]) for share in (0.0, 0.3, 0.6, 1.0)]
    losses = [attended_region_consistency(attention, mask_logits).item() for attention in shares]
    assert losses == sorted(losses, reverse=True)


def test_the_loss_of_an_image_does_not_depend_on_its_batch_mates():
    generator = torch.Generator().manual_seed(0)
    mask_logits = torch.randn(3, 2, 32, 48, generator=generator)
    attention = torch.rand(3, 2, 3, generator=generator).flatten(1).softmax(dim=1).view(3, 2, 3)
    alone = [attended_region_consistency(attention[i : i + 1], mask_logits[i : i + 1]) for i in range(3)]
    assert torch.allclose(attended_region_consistency(attention, mask_logits), torch.stack(alone).mean())


@pytest.mark.parametrize("detach", [False, True])
def test_detaching_the_mask_leaves_the_attention_alone_a_gradient(detach):
    mask_logits = torch.randn(1, 2, 4, 4, requires_grad=True)
    scores = torch.randn(1, 4, requires_grad=True)
    loss = AttendedRegionConsistencyLoss(detach_mask=detach)
    loss(F.softmax(scores, dim=1).view(1, 2, 2), mask_logits).backward()
    assert scores.grad is not None and (mask_logits.grad is None) == detach


def test_its_gradient_is_right():
    generator = torch.Generator().manual_seed(1)
    mask_logits = torch.randn(2, 2, 4, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    attention = torch.rand(2, 2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(attended_region_consistency, (attention, mask_logits))


@pytest.mark.parametrize("attention_shape, mask_shape", [((2, 1, 4, 4), (2, 2, 8, 8)), ((2, 4, 4), (3, 2, 8, 8))])
def test_shapes_that_do_not_fit_are_refused(attention_shape, mask_shape):
    with pytest.raises(ValueError, match=r"needs attention \(B, h, w\) and mask_logits \(B, 2, H, W\), got"):
        attended_region_consistency(torch.zeros(attention_shape), torch.zeros(mask_shape))
