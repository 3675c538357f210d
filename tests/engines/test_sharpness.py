# SPDX-License-Identifier: Apache-2.0
"""The gradient of a sharpness-aware step, by hand."""

from __future__ import annotations

import pytest
import torch
from ignite.engine import Engine
from monai.engines.utils import IterationEvents
from torch import nn

from mt_transunet.engines import SharpnessAware


class Cubic(nn.Module):
    """Loss ``a^3 + b^2`` of two weights."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(2.0))

    def forward(self, image):
        return image * (self.a**3 + self.b**2)


class Loss:
    """May fail when it is called the second time."""

    parts: dict = {}

    def __init__(self, fails=False):
        self.fails = fails

    def __call__(self, prediction, target):
        if self.fails and self.parts:
            raise FloatingPointError
        self.parts = {"loss": prediction.detach()}
        return prediction - target


def uphill(network, inferer, image, *, radius=0.5, fails=False):
    """One iteration: backward at the weights, then the handler; returns the loss object."""
    loss = Loss(fails)
    engine = Engine(lambda *_: None)
    engine.register_events(*IterationEvents)
    engine.network, engine.inferer, engine.amp, engine.accumulation_steps = network, inferer, False, 1
    engine.state.output = {"image": image, "label": 0.0}
    SharpnessAware(network, loss, radius=radius).attach(engine)
    loss(inferer(image, network), 0.0).backward()
    engine.fire_event(IterationEvents.BACKWARD_COMPLETED)
    return loss


def one_iteration(network, radius, image=1.0):
    """The same with the network's answer as the loss."""
    return uphill(network, lambda image, network: network(image), torch.tensor(image), radius=radius)


def test_the_gradient_is_that_uphill_of_the_weights():
    network = Cubic()
    one_iteration(network, 0.5)
    # the gradient at (1, 2) is (3, 4), of length 5: half a step uphill is (1.3, 2.4), whose gradient is (3 a^2, 2 b)
    assert network.a.grad.item() == pytest.approx(3 * 1.3**2)
    assert network.b.grad.item() == pytest.approx(2 * 2.4)


def test_the_weights_are_where_they_were_bit_for_bit():
    torch.manual_seed(0)
    network = nn.Linear(40, 40)  # taking 1,640 steps back by subtraction leaves rounding errors in some
    before = [weight.clone() for weight in network.parameters()]
    uphill(network, lambda image, network: network(image).pow(3).mean(), torch.randn(8, 40))
    assert all(torch.equal(*pair) for pair in zip(before, network.parameters()))


def test_a_loss_that_fails_uphill_leaves_weights_and_statistics_as_they_were():
    network = nn.BatchNorm1d(1)
    with pytest.raises(FloatingPointError):
        uphill(network, lambda image, network: network(image).pow(3).sum(), torch.randn(4, 1), fails=True)
    assert network.weight.item() == 1.0 and network.track_running_stats


class Dropped(nn.Module):
    """Loss linear in 64 weights, of which half are dropped: the gradient is 2 where one was kept, wherever they are."""

    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.ones(64))

    def forward(self, image):
        return (nn.functional.dropout(torch.ones(64), 0.5) * self.weights).sum() * image


def test_dropout_drops_the_same_in_both_passes():
    torch.manual_seed(0)
    first = nn.functional.dropout(torch.ones(64), 0.5)
    torch.manual_seed(0)
    network = Dropped()
    one_iteration(network, 0.5)
    assert torch.equal(network.weights.grad, first)


def test_what_is_drawn_afterwards_is_what_follows_the_first_pass():
    torch.manual_seed(0)
    nn.functional.dropout(torch.ones(64), 0.5)
    following = torch.rand(3)
    torch.manual_seed(0)
    one_iteration(Dropped(), 0.5)
    assert torch.equal(torch.rand(3), following)


def test_the_loss_that_is_shown_is_that_at_the_weights():
    assert one_iteration(Cubic(), 0.5).parts["loss"].item() == 5.0


def test_without_a_radius_nothing_happens():
    network = Cubic()
    one_iteration(network, 0.0)
    assert (network.a.grad.item(), network.b.grad.item()) == (3.0, 4.0)


def test_a_gradient_of_zero_leaves_the_weights_alone():
    network = Cubic()
    one_iteration(network, 0.5, image=0.0)
    assert (network.a.grad.item(), network.b.grad.item()) == (0.0, 0.0)


def test_running_statistics_are_those_of_the_first_pass():
    network = nn.BatchNorm1d(1)
    uphill(network, lambda image, network: network(image).pow(3).sum(), torch.tensor([[1.0], [3.0]]))
    assert network.running_mean.item() == pytest.approx(0.2)  # a tenth of 2, once
    assert network.num_batches_tracked == 1 and network.track_running_stats


@pytest.mark.parametrize("name, value", [("amp", True), ("accumulation_steps", 4)])
def test_a_trainer_that_gathers_or_scales_gradients_is_refused(name, value):
    engine = Engine(lambda *_: None)
    engine.amp, engine.accumulation_steps = False, 1
    setattr(engine, name, value)
    with pytest.raises(ValueError, match="goes with neither a trainer's amp nor accumulation_steps"):
        SharpnessAware(Cubic(), Loss(), radius=0.05)(engine)


def test_a_negative_radius_is_refused():
    with pytest.raises(ValueError, match="sharpness_radius must be 0 or more, got -1"):
        SharpnessAware(Cubic(), Loss(), radius=-1)
