# SPDX-License-Identifier: Apache-2.0
"""One pass through the network in a chosen precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from monai.data import MetaTensor
from monai.inferers import Inferer
from torch import Tensor

__all__ = ["AutocastInferer", "PRECISIONS", "resolve_precision"]

PRECISIONS = ("auto", "fp32", "bf16")


def resolve_precision(precision: str, device: torch.device | str) -> str:
    """``auto`` becomes ``bf16`` where the hardware multiplies it natively, else ``fp32``.

    Raises:
        ValueError: for a name that is not in :data:`PRECISIONS`.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    if precision != "auto":
        return precision
    if torch.device(device).type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    # without these instructions bfloat16 is emulated and slower than float32
    abilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return "bf16" if abilities.get("avx512_bf16") or abilities.get("amx_bf16") else "fp32"


class AutocastInferer(Inferer):
    """Calls the network under ``torch.autocast(..., bfloat16)`` and in channels-last memory.

    The engines' own ``amp`` is tied to CUDA and a gradient scaler, which bfloat16 does not need. Losses stay outside
    this block, in float32. MetaTensors are passed on as plain tensors: their bookkeeping costs time per operation.

    The first call in float32 switches cuDNN's TF32 off for the whole process.

    Args:
        precision: ``bf16``, ``fp32``, or ``auto`` (see :func:`resolve_precision`).
    """

    def __init__(self, precision: str = "fp32") -> None:
        super().__init__()
        resolve_precision(precision, torch.device("cpu"))  # fail at construction, not at the first batch
        self.precision = precision

    def __call__(self, inputs: Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        images = inputs.as_tensor() if isinstance(inputs, MetaTensor) else inputs
        images = images.contiguous(memory_format=torch.channels_last)
        enabled = resolve_precision(self.precision, images.device) == "bf16"
        if not enabled:  # cuDNN would round to ten bits (TF32); not only here, for a backward pass may follow
            torch.backends.cudnn.allow_tf32 = False
        with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=enabled):
            return network(images, *args, **kwargs)
