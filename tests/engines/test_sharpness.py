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
    parts: dict = {}

    def __call__(self, prediction, target):
        self.parts = {"loss": prediction.detach()}
        return prediction - target


def one_iteration(network, radius, image=1.0):
    """Backward at the weights, then the handler; returns the loss object and the trainer."""
    loss = Loss()
    engine = Engine(lambda *_: None)
    engine.register_events(*IterationEvents)
    engine.network, engine.inferer = network, lambda image, network: network(image)
    handler = SharpnessAware(network, loss, radius=radius)
    handler.attach(engine)
    engine.state.output = {"image": torch.tensor(image), "label": torch.tensor(0.0)}
    loss(network(engine.state.output["image"]), 0.0).backward()
    engine.fire_event(IterationEvents.BACKWARD_COMPLETED)
    return loss


def test_the_gradient_is_that_uphill_of_the_weights():
    network = Cubic()
    one_iteration(network, 0.5)
    # the gradient at (1, 2) is (3, 4), of length 5: half a step uphill is (1.3, 2.4), whose gradient is (3 a^2, 2 b)
    assert network.a.grad.item() == pytest.approx(3 * 1.3**2)
    assert network.b.grad.item() == pytest.approx(2 * 2.4)


def test_the_weights_are_where_they_were_bit_for_bit():
    network = Cubic()
    with torch.no_grad():
        network.a.fill_(0.1), network.b.fill_(0.3)
    before = [weight.clone() for weight in network.parameters()]
    one_iteration(network, 1e-3)
    assert all(torch.equal(*pair) for pair in zip(before, network.parameters()))


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
    network.train()
    loss = Loss()
    engine = Engine(lambda *_: None)
    engine.network, engine.inferer = network, lambda image, network: network(image).pow(3).sum()
    engine.state.output = {"image": torch.tensor([[1.0], [3.0]]), "label": 0.0}
    loss(engine.inferer(engine.state.output["image"], network), 0.0).backward()
    SharpnessAware(network, loss, radius=0.5)(engine)
    assert network.running_mean.item() == pytest.approx(0.2) and network.momentum == 0.1  # a tenth of 2, once


def test_a_negative_radius_is_refused():
    with pytest.raises(ValueError, match="sharpness_radius must be 0 or more, got -1"):
        SharpnessAware(Cubic(), Loss(), radius=-1)
