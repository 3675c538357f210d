# SPDX-License-Identifier: Apache-2.0
"""The temperature of shipped weights, and how well they are calibrated on images that it was not fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..metrics import calibration_error, fit_temperature, log_loss, perfect_calibration_error, with_temperature
from ..metrics.rows import groups_of, labelled_probabilities, labelled_rows
from ..reports.rows import read_rows
from ..run_files import PER_IMAGE

__all__ = ["calibration_figures", "cross_fitted_calibration", "held_out_calibration"]

PARTS = 5
"""Parts of the held-out images; the temperature each part is judged with is fitted on the others."""


def held_out_calibration(evaluations: Sequence[Path]) -> dict[str, Any]:
    """:func:`cross_fitted_calibration` on all held-out images together.

    Args:
        evaluations: folders of evaluations of held-out folds, each by the network that did not see the fold.
    """
    rows = [row for folder in evaluations for row in read_rows(folder / PER_IMAGE)]
    return cross_fitted_calibration(*labelled_probabilities(rows), groups_of(labelled_rows(rows)))


def cross_fitted_calibration(
    probabilities: np.ndarray, labels: np.ndarray, groups: Sequence[str] | None = None
) -> dict[str, Any]:
    """Temperature, and the calibration it gives on images it was not fitted on.

    ``temperature`` is fitted on all images, and ``at_temperature`` holds their error there (top label, ten bins).
    ``ECE`` and ``log_loss`` themselves are cross-fitted: each of five parts is judged at the temperature fitted on the
    other four, which differ a little and so add to the error. ``ECE_before`` and ``log_loss_before`` are as given.

    Args:
        probabilities: (n,3) in the order of ``CLASS_NAMES``, of images that the networks have not seen.
        labels: (n,) integers 0, 1, 2.
        groups: of each image, never on two sides of a fit; None where each is on its own.

    Raises:
        ValueError: a part is left without any image to fit on.
    """
    part = (np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]) % PARTS
    judged = np.empty_like(probabilities)
    for index in range(PARTS):
        temperature = fit_temperature(probabilities[part != index], labels[part != index])
        judged[part == index] = with_temperature(probabilities[part == index], temperature)
    temperature = fit_temperature(probabilities, labels)
    return {
        "temperature": temperature,
        "ECE_before": calibration_error(probabilities, labels),
        "log_loss_before": log_loss(probabilities, labels),
        "log_loss": log_loss(judged, labels),
        **calibration_figures(judged, labels, groups),
        "at_temperature": calibration_figures(with_temperature(probabilities, temperature), labels, groups),
    }


def calibration_figures(
    probabilities: np.ndarray, labels: np.ndarray, groups: Sequence[str] | None = None
) -> dict[str, float]:
    """``n``, ``ECE``, and what chance gives a perfectly calibrated model: ``ECE_perfect_mean``, ``ECE_perfect_95``."""
    mean, high = perfect_calibration_error(probabilities, groups=groups)
    found = calibration_error(probabilities, labels)
    return {"n": len(labels), "ECE": found, "ECE_perfect_mean": mean, "ECE_perfect_95": high}
