# SPDX-License-Identifier: Apache-2.0
"""Sharpness-aware minimisation: steps that lower the loss in the whole neighbourhood of the weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

import torch
from monai.engines import SupervisedTrainer
from monai.engines.utils import IterationEvents
from monai.utils.enums import CommonKeys
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from .random_draws import drawing_again, generators

__all__ = ["SharpnessAware"]


class _HasParts(Protocol):
    parts: dict[str, torch.Tensor]

    def __call__(self, prediction: Any, target: Any) -> torch.Tensor: ...


class SharpnessAware:
    """Replaces the gradient by that at ``w + radius * g / |g|``, about the worst weights within reach.

    P. Foret et al., "Sharpness-Aware Minimization for Efficiently Improving Generalization", ICLR 2021,
    https://arxiv.org/abs/2010.01412, equations 2 and 3. An iteration takes twice the time, for the batch passes through
    the network a second time. Batch statistics and the parts of the loss that are shown are those of the first pass.
    Dropout draws the same in both, so that both gradients are of one function, and later draws are as without the
    second pass. Attach it before whatever clips the gradient.

    Args:
        network: whose weights.
        loss: as of the trainer.
        radius: rho of the paper, Euclidean over all parameters; 0 leaves the gradient as it is.

    Raises:
        ValueError: a negative radius, or a trainer that scales or gathers gradients over several batches.
    """

    def __init__(self, network: nn.Module, loss: _HasParts, *, radius: float) -> None:
        if radius < 0:
            raise ValueError(f"sharpness_radius must be 0 or more, got {radius}; 0.05 is the paper's for ImageNet")
        self.network = network
        self.loss = loss
        self.radius = radius
        self._drawn_from: dict[str, Any] = {}

    def attach(self, engine: SupervisedTrainer) -> None:
        if not self.radius:
            return
        # of MONAI's events none lies between what prepares a batch, which may draw too, and the pass
        self.network.register_forward_pre_hook(self._note_generators)
        engine.add_event_handler(IterationEvents.BACKWARD_COMPLETED, self)

    def _note_generators(self, network: nn.Module, inputs: Any) -> None:
        self._drawn_from = generators()

    def __call__(self, engine: SupervisedTrainer) -> None:
        if engine.amp or engine.accumulation_steps > 1:  # not known yet when handlers are attached
            raise ValueError(
                "sharpness_radius goes with neither a trainer's amp nor accumulation_steps; leave these out"
            )
        weights = [weight for weight in self.network.parameters() if weight.grad is not None]
        shown = self.loss.parts
        moved, kept = _moved_uphill(weights, self.radius), _statistics_kept(self.network)
        with moved, kept, drawing_again(self._drawn_from):
            image, target = (engine.state.output[key] for key in (CommonKeys.IMAGE, CommonKeys.LABEL))
            self.loss(engine.inferer(image, engine.network), target).backward()
        self.loss.parts = shown


@contextlib.contextmanager
def _moved_uphill(weights: list[nn.Parameter], radius: float) -> Iterator[None]:
    """Inside, the weights lie ``radius`` along their gradient, which is then forgotten; behind, where they were."""
    with torch.no_grad():
        length = torch.linalg.vector_norm(torch.stack([weight.grad.float().norm() for weight in weights]))
        # a gradient of zero has no direction: the weights stay
        steps = [weight.grad * (radius / length.clamp_min(1e-12)) for weight in weights]
        before = [weight.clone() for weight in weights]
        torch._foreach_add_(weights, steps)
    for weight in weights:
        weight.grad = None
    try:
        yield
    finally:
        with torch.no_grad():
            torch._foreach_copy_(weights, before)  # subtracting the steps would leave rounding errors


@contextlib.contextmanager
def _statistics_kept(network: nn.Module) -> Iterator[None]:
    """Inside, batch normalisation normalises by the batch and leaves its running statistics alone."""
    tracking = [norm for norm in network.modules() if isinstance(norm, _BatchNorm) and norm.track_running_stats]
    for norm in tracking:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in tracking:
            norm.track_running_stats = True
