# SPDX-License-Identifier: Apache-2.0
"""From a training on one's own images to weights that can be given away, with all that inference can say by them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import CLASS_NAMES
from ..atomic import write_bytes
from ..metrics import summarise, with_temperature
from ..metrics.classification import is_constant
from ..metrics.rows import groups_of, known_label, labelled_probabilities, labelled_rows
from ..networks import trained_at
from ..networks.provenance import weights_file
from ..reports.own_card import own_card
from ..seen_images import ENDING, learned_from
from .calibration import calibration_figures, cross_fitted_calibration
from .judgement import Judgement, read_judgement, read_settings
from .record import of_file, of_protocol, operating_points, predicted_dice, training_record
from .typical_training_images import typical_training_images
from .weights_file import ship_weights, write_shipped

__all__ = ["ship_own"]

logger = logging.getLogger(__name__)

USUAL_VIEWS = "fast"
"""Of ``inference.json``."""

FEWEST_LABELLED = 50
"""Images with a diagnosis that a temperature is fitted to at least. Of the recipe's 771 held-out images fifty, drawn at
random, give one with a standard deviation of 19%, thirty of 24%, ten of 83%."""
FEWEST_OF_TWO = 10
"""Images of the second most frequent diagnosis among them: where there is one alone, it helps to say it louder."""
BELIEVED = (0.2, 5.0)
"""Temperatures beyond say that the answers were all right or mean nothing, not by how much to change them."""


def ship_own(run: Path, destination: Path, *, evaluation: Path) -> Path:
    """Write a run's weights in half precision, calibrated, with the record that inference reads and a card for people.

    ``destination`` gets beside it a ``.json`` (thresholds, the Dice to expect, what photographs the network knows, all
    figures), the ``.images.txt`` of hashes, and the ``.md`` of the card. None of them names an image or a folder.

    Args:
        run: folder of a training.
        destination: file to write, ``.pt``.
        evaluation: see :func:`read_judgement`.

    Raises:
        ValueError: one of these files is there already, the first does not end in ``.pt``, or the evaluation does not
            say how good these weights are on images they have not seen.
    """
    files = _free(destination)
    judged = read_judgement(run, evaluation)
    model = weights_file(run)
    found = _temperature(judged.rows)
    candidate = destination.with_name(f".unfinished.{destination.name}")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        ship_weights(model, candidate, temperature=found["temperature"] if found else 1.0)
        record = _record(run, candidate, judged, found)
        write_bytes(destination.with_suffix(".md"), own_card(record, destination.name).encode())
        return write_shipped(candidate, destination, record)
    except BaseException:  # Ctrl-C too: without its record a file of weights would pass for another kind
        for path in files:
            path.unlink(missing_ok=True)
        raise
    finally:
        for ending in (".pt", ENDING):
            candidate.with_suffix(ending).unlink(missing_ok=True)


def _free(destination: Path) -> list[Path]:
    """The files to write, of which none is there: ``own.json`` may be somebody's list of images."""
    if destination.suffix != ".pt":
        raise ValueError(f"weights are files that end in .pt, got {destination}")
    files = [destination.with_suffix(ending) for ending in (".pt", ".json", ".md", ENDING)]
    for path in files:
        if path.exists():
            raise ValueError(f"{path} exists; move it away, or give {destination.name} another name or folder")
    return files


def _temperature(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """As :func:`cross_fitted_calibration`, at the temperature 1 where none helps images that it was not fitted to.

    None where the diagnoses cannot tell.
    """
    probabilities, labels = labelled_probabilities(rows)
    second = np.sort(np.bincount(labels, minlength=len(CLASS_NAMES)))[-2]
    groups = groups_of(labelled_rows(rows))
    independent = len(set(groups)) if groups else len(labels)
    if independent < FEWEST_LABELLED or second < FEWEST_OF_TWO or is_constant(probabilities):
        of_groups = f" of {independent} groups" if groups else ""
        logger.warning(
            f"{len(labels)} images with a diagnosis{of_groups}, {second} of the second most frequent, say too little "
            f"of the probabilities, which stay as trained ({FEWEST_LABELLED} and {FEWEST_OF_TWO} are needed, and "
            "answers that are not all the same)"
        )
        return None
    found = cross_fitted_calibration(probabilities, labels, groups)
    told = f"mean log loss of unseen images {found['log_loss']:.3f}, as trained {found['log_loss_before']:.3f}"
    lowest, highest = BELIEVED
    if found["log_loss"] < found["log_loss_before"] and lowest < found["temperature"] < highest:
        logger.info(f"class logits are divided by {found['temperature']:.2f}: {told}")
        return found
    logger.info(f"probabilities stay as trained, the temperature {found['temperature']:.2f} does not help: {told}")
    as_trained = calibration_figures(probabilities, labels, groups)
    unchanged = {"temperature": 1.0, "log_loss": found["log_loss_before"], **as_trained}
    return {**found, **unchanged, "at_temperature": as_trained}


def _record(run: Path, weights: Path, judged: Judgement, found: Mapping[str, Any] | None) -> dict[str, Any]:
    """As of :func:`provenance`, without the names of the images it fails on: they may tell who was photographed."""
    protocol, training = judged.protocol, training_record(run)
    views, sizes = protocol["views"], protocol["sizes"]
    if views != USUAL_VIEWS:
        logger.warning(f"what was measured holds for --views {views} alone; inference's own is {USUAL_VIEWS}")
    rows = [_tempered(row, found["temperature"]) for row in judged.rows] if found else judged.rows
    summary = summarise(rows, resamples=protocol.get("resamples", 2000), seed=protocol.get("seed", 0))
    used_at = {**trained_at(run), **({"view_sizes": sizes} if views == "paper" else {"image_size": sizes[0]})}
    folds = {f"fold{number}": [training_record(fold)] for number, fold in enumerate(judged.trainings)}
    return {
        **of_file(weights, variant=protocol["variant"], calibration=found),
        **used_at,
        "operating_points": operating_points({views: rows}),
        "predicted_dice": predicted_dice({views: rows}),
        "typical_images": _typical_images(run),
        "held_out": {protocol["split"]: {**summary, "protocol": of_protocol(protocol)}},
        "judged_by_others": bool(judged.trainings),
        "chosen_on_these": _chosen_on(read_settings(run), protocol),
        "stages": {"all": [training], **folds},
    }


def _tempered(row: Mapping[str, Any], temperature: float) -> dict[str, Any]:
    """The row as the calibrated network gives it: dividing the class logits of every view divides their mean."""
    if known_label(row) < 0 and any(row.get(name) is None for name in CLASS_NAMES):
        return dict(row)
    probabilities = with_temperature(np.array([row[name] for name in CLASS_NAMES]), temperature)
    return {**row, **dict(zip(CLASS_NAMES, probabilities.tolist()))}


def _chosen_on(settings: Mapping[str, Any], protocol: Mapping[str, Any]) -> bool | None:
    """Whether these weights are the best of several by the very images they were judged by; None: nobody knows."""
    if settings.get("keep", "best") != "best":
        return False
    validation = (settings.get("image_ids") or {}).get("validation")
    return True if validation == protocol.get("image_ids") else None


def _typical_images(run: Path) -> dict[str, Any] | None:
    told, seen = read_settings(run).get("dataset_dir"), learned_from(run)
    if told is None or seen is None:
        return None
    try:
        found = typical_training_images(told, among=seen)
    except (ValueError, OSError) as error:
        logger.warning(f"what the training images look like stays unknown, and no photograph is flagged ({error})")
        return None
    if found is None:
        logger.warning("too few of the training images are left to say what they look like; no photograph is flagged")
    return found.to_json() if found else None
