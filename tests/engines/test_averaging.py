# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from mt_transunet.engines import WeightAveraging


def network():
    return nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))


def train(averaging, model, values):
    """One iteration per value: the weight and the running mean become it."""

    def step(engine, value):
        model[0].weight.data.fill_(value)
        model[1].running_mean.fill_(10 * value)
        model[1].num_batches_tracked += 1

    engine = Engine(step)
    averaging.attach(engine)
    engine.run(values, max_epochs=1)


def test_three_updates_by_hand_weights_and_buffers_alike():
    model = network()
    averaging = WeightAveraging(model, decay=0.99)
    train(averaging, model, [1.0, 2.0, 4.0])
    # the first copies; the second has decay 2/11: 1 * 2/11 + 2 * 9/11 = 20/11; the third 3/12: 20/11 / 4 + 4 * 3/4
    expected = 20 / 11 / 4 + 3
    assert averaging.network[0].weight.item() == pytest.approx(expected)
    assert averaging.network[1].running_mean.item() == pytest.approx(10 * expected)
    assert averaging.network[1].num_batches_tracked == 3  # counters are copied
    assert model[0].weight.item() == 4.0


def test_the_decay_caps_the_start():
    model = network()
    averaging = WeightAveraging(model, decay=0.1)
    train(averaging, model, [1.0, 2.0])
    assert averaging.network[0].weight.item() == pytest.approx(0.1 * 1 + 0.9 * 2)


def test_without_decay_the_network_is_its_own_average():
    model = network()
    averaging = WeightAveraging(model, decay=None)
    train(averaging, model, [1.0, 2.0])
    assert averaging.network is model and averaging.state_dict() == {}
    averaging.load_state_dict({})


def test_its_state_makes_a_round_trip_and_goes_on_from_there():
    whole, model = WeightAveraging(network(), decay=0.5), network()
    train(whole, whole.source, [1.0, 2.0, 4.0])
    first = WeightAveraging(model, decay=0.5)
    train(first, model, [1.0, 2.0])
    second = WeightAveraging(model, decay=0.5)
    second.load_state_dict(first.state_dict())
    train(second, model, [4.0])
    assert torch.equal(second.network[0].weight, whole.network[0].weight)


def test_a_network_wrapped_for_several_processes_is_unwrapped():
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.module = network()

    wrapped = Wrapped()
    assert WeightAveraging(wrapped, decay=None).network is wrapped.module


@pytest.mark.parametrize("decay", [0.0, 1.0, -0.5])
def test_a_decay_outside_of_0_and_1_is_refused(decay):
    with pytest.raises(ValueError, match=rf"must lie in \(0, 1\) or be null, got {decay}"):
        WeightAveraging(network(), decay=decay)
