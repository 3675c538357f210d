# SPDX-License-Identifier: Apache-2.0
"""From a collated batch to (network input, targets)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from monai.engines.utils import PrepareBatch

__all__ = ["PrepareLesionBatch", "TARGET_KEYS"]

TARGET_KEYS = ("mask", "level_set", "has_mask", "label", "image_id", "group")


class PrepareLesionBatch(PrepareBatch):
    """Moves the image and those of :data:`TARGET_KEYS` the batch holds to the device.

    The engines pass the targets, a dict, to the loss as they are and store them under ``label`` in their output, where
    ``FlattenSubKeysd(keys="label", prefix="true")`` finds them.

    Returns:
        ``(image, targets)``, targets ``None`` when the batch holds no target (inference).
    """

    def __call__(
        self,
        batchdata: Mapping[str, Any],
        device: str | torch.device | None = None,
        non_blocking: bool = False,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, dict[str, Any] | None]:
        def move(value: Any) -> Any:
            return value.to(device, non_blocking=non_blocking, **kwargs) if torch.is_tensor(value) else value

        targets = {key: move(batchdata[key]) for key in TARGET_KEYS if key in batchdata}
        return move(batchdata["image"]), targets or None
