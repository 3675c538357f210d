# SPDX-License-Identifier: Apache-2.0
"""An exponential moving average of the weights: the network that is validated and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from ignite.engine import Engine, Events
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

__all__ = ["WeightAveraging"]


class WeightAveraging:
    """torch's ``AveragedModel`` as a handler: updated after each iteration, weights and buffers alike.

    The decay starts low, ``min(decay, (1 + t) / (10 + t))`` after t updates, so that a short run is not held back
    by its random start.

    Args:
        network: the network in training (its ``module``, if it is wrapped for several processes).
        decay: weight of the past, in (0, 1). ``None`` switches averaging off: :attr:`network` is the network itself.
    """

    def __init__(self, network: nn.Module, *, decay: float | None) -> None:
        if decay is not None and not 0 < decay < 1:
            raise ValueError(f"the decay of the weight average must lie in (0, 1) or be null, got {decay}")
        self.decay = decay
        self.source = getattr(network, "module", network)
        self.average = None if decay is None else AveragedModel(self.source, multi_avg_fn=self._mix, use_buffers=True)

    @property
    def network(self) -> nn.Module:
        """The averaged network."""
        return self.source if self.average is None else self.average.module

    def attach(self, engine: Engine) -> None:
        if self.average is not None:
            engine.add_event_handler(Events.ITERATION_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        self.average.update_parameters(self.source)  # type: ignore[union-attr]  # attached only with an average

    def _mix(self, averaged: Sequence[Tensor], current: Sequence[Tensor], updates: Tensor | int) -> None:
        count = int(updates)
        decay = min(float(self.decay or 0.0), (1 + count) / (10 + count))
        for mean, value in zip(averaged, current):
            if torch.is_floating_point(mean):
                mean.lerp_(value.to(mean.dtype), 1 - decay)
            else:
                mean.copy_(value)

    def state_dict(self) -> dict[str, Any]:
        return {} if self.average is None else self.average.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        if self.average is not None:
            self.average.load_state_dict(state)
