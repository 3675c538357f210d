# SPDX-License-Identifier: Apache-2.0
"""One evaluator for one network or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monai.engines import EnsembleEvaluator, Evaluator, SupervisedEvaluator
from torch import nn

from ..inferers import member_keys

__all__ = ["lesion_evaluator"]


def lesion_evaluator(*, networks: Sequence[nn.Module], **settings: Any) -> Evaluator:
    """MONAI's ``SupervisedEvaluator`` for a single network, its ``EnsembleEvaluator`` for several.

    The single one keeps its class because MONAI's federated client insists on it. ``MeanPredictiond`` with the same
    ``member_keys`` brings both to one form.

    Args:
        networks: the members; each is put in eval mode while it runs.
        settings: what both evaluators take.
    """
    if len(networks) == 1:
        return SupervisedEvaluator(network=networks[0], **settings)
    return EnsembleEvaluator(networks=networks, pred_keys=member_keys(len(networks)), **settings)
