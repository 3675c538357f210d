# SPDX-License-Identifier: Apache-2.0
"""The network as tools see it that understand one tensor, or a tuple, and no dict."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["OutputTuple", "SingleOutput"]


class SingleOutput(nn.Module):
    """One of the network's outputs alone.

    Args:
        network: with a dict of tensors as output.
        output: which of them, such as ``mask_logits``.
    """

    def __init__(self, network: nn.Module, output: str) -> None:
        super().__init__()
        self.network = network
        self.output = output

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W), RGB in [0, 1] -> the output, of the shape it has in the dict."""
        return self.network(image)[self.output]


class OutputTuple(nn.Module):
    """Mask logits, level set, class logits and attention as a tuple, in this order, which ONNX keeps."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(B, 3, H, W), RGB in [0, 1] -> (B, 2, H, W), (B, 1, H, W), (B, 3), (B, H/16, W/16)."""
        found = self.network(image)
        return found["mask_logits"], found["level_set"], found["class_logits"], found["attention"]
