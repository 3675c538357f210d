# SPDX-License-Identifier: Apache-2.0
"""From a finished run to weights that can be given away: half precision, calibrated, with their record."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .atomic import save_tensors, write_json
from .metrics import (
    calibration_error,
    fit_temperature,
    log_loss,
    perfect_calibration_error,
    with_temperature,
)
from .metrics.summary import labelled_probabilities
from .networks.weight_files import read_weights
from .networks.weights import shapes
from .reports.evaluation_section import PER_IMAGE
from .reports.rows import read_rows
from .seen_images import list_goes_along

__all__ = [
    "average_weights",
    "calibration_figures",
    "cross_fitted_calibration",
    "held_out_calibration",
    "ship_weights",
    "write_shipped",
]

logger = logging.getLogger(__name__)

LARGEST = 25_000_000
"""Bytes; a larger file does not go into a bundle of the model zoo, which names it in ``large_files.yml`` instead."""

PARTS = 5
"""Parts of the held-out images; the temperature each part is judged with is fitted on the others."""


def ship_weights(model: Path, destination: Path, *, temperature: float = 1.0) -> Path:
    """Write a run's weights as a float16 state dict whose class logits are divided by ``temperature``.

    The division is folded into the class head, so that probabilities are calibrated wherever the file is loaded. The
    list of the images the weights learned from goes with them.

    Raises:
        ValueError: a weight does not survive float16 (the network diverged), or the temperature is not positive.
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    state = dict(read_weights(model))
    for name in ("class_head.weight", "class_head.bias"):
        state[name] = state[name] / temperature
    half = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    lost = [name for name, value in half.items() if value.is_floating_point() and not torch.isfinite(value).all()]
    if lost:
        raise ValueError(f"{model}: {lost[0]} does not fit into float16; the network may have diverged")
    with list_goes_along(model, destination):
        return save_tensors(destination, half)


def average_weights(models: Sequence[Path], destination: Path) -> Path:
    """Write the mean of several networks' weights, batch statistics included; counters are the first one's.

    Meant for branches of one training (Wortsman et al., "Model soups", https://arxiv.org/abs/2203.05482): networks that
    did not start from the same trained weights have no mean that is worth anything.

    Raises:
        ValueError: the networks differ.
    """
    states = [read_weights(model) for model in models]
    if any(shapes(state) != shapes(states[0]) for state in states):
        raise ValueError(f"{' and '.join(map(str, models))} are not of one network, so they have no mean")
    mean = {
        name: torch.stack([state[name] for state in states]).mean(dim=0) if value.is_floating_point() else value
        for name, value in states[0].items()
    }
    with list_goes_along(models, destination):
        return save_tensors(destination, mean)


def held_out_calibration(evaluations: Sequence[Path]) -> dict[str, Any]:
    """:func:`cross_fitted_calibration` on all held-out images together.

    Args:
        evaluations: folders of evaluations of held-out folds, each by the network that did not see the fold.
    """
    rows = [row for folder in evaluations for row in read_rows(folder / PER_IMAGE)]
    return cross_fitted_calibration(*labelled_probabilities(rows))


def cross_fitted_calibration(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Temperature, and the calibration it gives on images it was not fitted on.

    ``temperature`` is fitted on all images, and ``at_temperature`` holds their error there (top label, ten bins).
    ``ECE`` and ``log_loss`` themselves are cross-fitted: each of five parts is judged at the temperature fitted on the
    other four, which differ a little and so add to the error. ``ECE_before`` and ``log_loss_before`` are as given.

    Args:
        probabilities: (n,3) in the order of ``CLASS_NAMES``, of images that the networks have not seen.
        labels: (n,) integers 0, 1, 2.

    Raises:
        ValueError: a part is left without any image to fit on.
    """
    part = np.arange(len(labels)) % PARTS
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
        **calibration_figures(judged, labels),
        "at_temperature": calibration_figures(with_temperature(probabilities, temperature), labels),
    }


def calibration_figures(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """``n``, ``ECE``, and what chance gives a perfectly calibrated model: ``ECE_perfect_mean``, ``ECE_perfect_95``."""
    mean, high = perfect_calibration_error(probabilities)
    found = calibration_error(probabilities, labels)
    return {"n": len(labels), "ECE": found, "ECE_perfect_mean": mean, "ECE_perfect_95": high}


def write_shipped(candidate: Path, destination: Path, record: Mapping[str, Any]) -> Path:
    """Give a candidate its final name and its record; returns ``destination``."""
    if candidate.stat().st_size > LARGEST:
        logger.warning(
            f"{destination} has {candidate.stat().st_size} bytes: the model zoo takes {LARGEST} in a bundle and has "
            "larger files named in large_files.yml"
        )
    with list_goes_along(candidate, destination):
        os.replace(candidate, destination)
    write_json(destination.with_suffix(".json"), record)
    return destination
