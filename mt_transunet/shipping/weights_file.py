# SPDX-License-Identifier: Apache-2.0
"""The file that is given away: weights in half precision, calibrated, the mean of several, with their record."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ..atomic import save_tensors, write_json
from ..networks.weight_files import read_weights
from ..networks.weights import shapes
from ..seen_images import list_goes_along

__all__ = ["average_weights", "ship_weights", "write_shipped"]

logger = logging.getLogger(__name__)

LARGEST = 25_000_000
"""Bytes; a larger file does not go into a bundle of the model zoo, which names it in ``large_files.yml`` instead."""


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
