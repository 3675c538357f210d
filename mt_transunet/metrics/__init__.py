# SPDX-License-Identifier: Apache-2.0
"""Per-image segmentation, one-vs-rest classification, their intervals and the identity they must satisfy."""

from __future__ import annotations

from mt_transunet.metrics.classification import classification_scores
from mt_transunet.metrics.consistency import check_classification, check_identity, implied_accuracy
from mt_transunet.metrics.intervals import bootstrap_interval
from mt_transunet.metrics.lesion_metric import LesionMetric
from mt_transunet.metrics.segmentation import segmentation_scores
from mt_transunet.metrics.summary import summarise

__all__ = [
    "LesionMetric",
    "bootstrap_interval",
    "check_classification",
    "check_identity",
    "classification_scores",
    "implied_accuracy",
    "segmentation_scores",
    "summarise",
]
