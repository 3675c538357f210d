# SPDX-License-Identifier: Apache-2.0
"""Per-image segmentation, one-vs-rest classification, calibration, intervals, and two models image by image."""

from __future__ import annotations

from mt_transunet.metrics.calibration import (
    SUSPECTED_FROM,
    calibration_error,
    fit_temperature,
    log_loss,
    operating_point,
    perfect_calibration_error,
    with_temperature,
)
from mt_transunet.metrics.classification import classification_scores
from mt_transunet.metrics.consistency import check_classification, check_identity, implied_accuracy
from mt_transunet.metrics.intervals import bootstrap_interval, proportion_interval
from mt_transunet.metrics.lesion_metric import LesionMetric
from mt_transunet.metrics.paired import paired_difference
from mt_transunet.metrics.segmentation import segmentation_scores
from mt_transunet.metrics.summary import summarise

__all__ = [
    "SUSPECTED_FROM",
    "LesionMetric",
    "bootstrap_interval",
    "calibration_error",
    "check_classification",
    "check_identity",
    "classification_scores",
    "fit_temperature",
    "implied_accuracy",
    "log_loss",
    "operating_point",
    "paired_difference",
    "perfect_calibration_error",
    "proportion_interval",
    "segmentation_scores",
    "summarise",
    "with_temperature",
]
