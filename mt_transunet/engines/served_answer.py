# SPDX-License-Identifier: Apache-2.0
"""The answer an annotation server gives: a mask to draw on, and what else is said of the image."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.transforms import Transform
from monai.utils import convert_to_tensor

from .. import CLASS_NAMES
from ..annotation import uncertainty

__all__ = ["ServedAnswerd"]


class ServedAnswerd(Transform):
    """Adds the keys that MONAI Label 0.8.5 makes its answer from. Goes last, behind ``Invertd`` and ``DecideMaskd``.

    Returns:
        The item with ``pred``, the mask as uint8 (W, H) of 0 and 1, in the order of axes in which MONAI's PIL reader
        loads, which the server's writer turns back; ``result_extension``, for masks are written as PNG; and
        ``result``, which the server gives out as ``params``: ``prediction``, a list of ``{"idx", "label", "score"}``
        with the probability of each class, ``uncertainty`` of the mask in [0, 1], by which images are queued, and
        ``confidence``, the figures of ``Confidenced`` as far as there are any, null where one is undefined.
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        scores = [float(score) for score in item["pred_class_logits"]]  # probabilities, since Activationsd
        confidence = item.get("pred_confidence", {})
        item["pred"] = convert_to_tensor(item["pred_mask"][0], track_meta=False).to(torch.uint8)
        item["result_extension"] = ".png"
        item["result"] = {
            "prediction": [
                {"idx": index, "label": name, "score": score}
                for index, (name, score) in enumerate(zip(CLASS_NAMES, scores))
            ],
            "uncertainty": uncertainty(item),
            "confidence": {name: value if math.isfinite(value) else None for name, value in confidence.items()},
        }
        return item
