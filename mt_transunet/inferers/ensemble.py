# SPDX-License-Identifier: Apache-2.0
"""Several trained networks as one: the mean of what they say."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.transforms import MapTransform, MeanEnsemble

__all__ = ["MeanPredictiond", "member_keys"]

LOGITS = ("mask_logits", "class_logits")


def member_keys(members: int) -> tuple[str, ...]:
    """``pred_keys`` of MONAI's ``EnsembleEvaluator``: ``pred`` for one network, ``pred0``, ``pred1``, ... for several.

    Raises:
        ValueError: no member.
    """
    if members < 1:
        raise ValueError(f"an ensemble needs at least one network, got {members}; name a file of weights")
    return ("pred",) if members == 1 else tuple(f"pred{number}" for number in range(members))


class MeanPredictiond(MapTransform):
    """Replaces the outputs of the members by their mean under ``pred``, each output by MONAI's ``MeanEnsemble``.

    Goes first in the postprocessing after an ``EnsembleEvaluator`` with the same keys, on decollated items: each
    member's outputs are a dict of tensors for one image. A single ``pred`` passes unchanged. Of the attention, the
    level set, and the moments of the views, which are means already, the mean is that over all members and views.

    Args:
        keys: as :func:`member_keys` gives them.
        merge: ``logits`` averages the logits of mask and class; ``probabilities`` their softmax (the result is its
            logarithm), as ``ViewsInferer`` does for views.

    Raises:
        ValueError: another ``merge``.
        KeyError: a member is missing in the item.
    """

    def __init__(self, keys: Sequence[str], *, merge: str = "logits") -> None:
        super().__init__(keys)
        if merge not in ("logits", "probabilities"):
            raise ValueError(f"merge must be logits or probabilities, got {merge!r}")
        self.merge = merge
        self.mean = MeanEnsemble()

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        result = dict(data)
        if self.keys == ("pred",):
            return result
        members = [result.pop(key) for key in self.keys]
        result["pred"] = {name: self._merged(name, [member[name] for member in members]) for name in members[0]}
        return result

    def _merged(self, name: str, values: list[torch.Tensor]) -> torch.Tensor:
        if name in LOGITS and self.merge == "probabilities":
            return self.mean([value.softmax(dim=0) for value in values]).log()  # an item: (2, H, W) or (3,)
        return self.mean(values)
