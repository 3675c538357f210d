# SPDX-License-Identifier: Apache-2.0
"""The network as tools see it that understand one tensor, or a tuple, and no dict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

__all__ = ["OutputTuple", "SingleOutput"]


class _View(nn.Module):
    """A network that answers in another form and takes the same weights."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def load_state_dict(self, state_dict: Mapping[str, Any], *arguments: Any, **options: Any) -> Any:
        """The state dict of the network itself: MONAI's exports load a checkpoint into what they export."""
        return self.network.load_state_dict(state_dict, *arguments, **options)


class SingleOutput(_View):
    """One of the network's outputs alone.

    Args:
        network: with a dict of tensors as output.
        output: which of them, such as ``mask_logits``.
    """

    def __init__(self, network: nn.Module, output: str) -> None:
        super().__init__(network)
        self.output = output

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W), RGB in [0, 1] -> the output, of the shape it has in the dict."""
        return self.network(image)[self.output]


class OutputTuple(_View):
    """Mask logits, level set, class logits and attention as a tuple, in this order, which ONNX keeps."""

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(B, 3, H, W), RGB in [0, 1] -> (B, 2, H, W), (B, 1, H, W), (B, 3), (B, H/16, W/16)."""
        found = self.network(image)
        return found["mask_logits"], found["level_set"], found["class_logits"], found["attention"]
