# SPDX-License-Identifier: Apache-2.0
"""Whether an evaluation says how good a run's weights are on images they have not seen."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .inferers import READ_AS, view_symmetries
from .networks import weights_hash
from .pooled_evaluation import FOLDS
from .reports.comparison import read_evaluated
from .reports.evaluation_section import METRICS
from .reports.rows import read_rows
from .reports.training_section import HISTORY
from .seen_images import learned_from

__all__ = ["Judgement", "read_judgement"]

logger = logging.getLogger(__name__)

_OF_THE_IMAGES = ("dataset_dir", "additional_dir", "dataset", "fold", "num_folds", "images", "image_ids")
"""Settings in which a training on all images differs from one that a fold was held out of."""


class Judgement(NamedTuple):
    """What an evaluation of a run has left, or the cross-validation of a training like it."""

    rows: list[dict[str, Any]]
    """Of ``per_image.csv``."""
    protocol: dict[str, Any]
    trainings: list[Path]
    """Of the cross-validation, a run for each fold; none where the run's own weights were judged."""


def read_judgement(run: Path, evaluation: Path) -> Judgement:
    """Read an evaluation of a run, or a cross-validation of the same training, as inference may rely on it.

    Args:
        run: folder of a finished training.
        evaluation: ``output_dir`` of ``run evaluating`` with the run's weights, or of ``mt-transunet crossvalidate``
            told what the run was told.

    Raises:
        ValueError: no such folders; other weights, another training or other images; masks, classes or photographs
            read in another way than inference does; or images that the weights learned from.
    """
    found = read_evaluated(evaluation)
    if not found.protocol:
        raise ValueError(f"{evaluation} holds no {METRICS}, so nothing says what was judged; evaluate anew")
    content = json.loads((evaluation / METRICS).read_text(encoding="utf-8"))
    trainings = []
    if FOLDS in content:
        trainings = [evaluation / "folds" / str(fold) / "training" for fold in range(len(content[FOLDS]))]
        _refuse_unfinished(run)
        _refuse_another_training(run, trainings)
    elif found.protocol.get("weights_sha256") != weights_hash(run):
        raise ValueError(
            f"{evaluation} judged {found.protocol.get('weights')}, not the weights of {run}; evaluate these"
        )
    _refuse_other_reading(evaluation, found.protocol)
    _refuse_seen(evaluation, found.protocol)
    return Judgement(found.rows, found.protocol, trainings)


def _settings(run: Path) -> dict[str, Any]:
    record = run / "config.json"
    if not record.is_file():
        raise ValueError(f"{run} is not the folder of a training: it holds no {record.name}; name its output_dir")
    return json.loads(record.read_text(encoding="utf-8"))["settings"]


def _refuse_unfinished(run: Path) -> None:
    """The trainings of a cross-validation are judged after their last iteration."""
    wanted = _settings(run)["iterations"]
    rows = read_rows(run / HISTORY) if (run / HISTORY).is_file() else []
    done = int(rows[-1]["iteration"]) if rows else 0
    if done < wanted:
        raise ValueError(f"{run} has done {done} of {wanted} iterations; give its command again, it goes on")


def _refuse_another_training(run: Path, trainings: list[Path]) -> None:
    own = _settings(run)
    for training in trainings:
        theirs = _settings(training)
        keys = [key for key in own.keys() | theirs.keys() if key not in _OF_THE_IMAGES]
        differing = [
            f"{key} {own.get(key)!r} and {theirs.get(key)!r}" for key in sorted(keys) if own.get(key) != theirs.get(key)
        ]
        if differing:
            raise ValueError(
                f"{run} and {training} are not the same training ({'; '.join(differing)}); train alike, or give an "
                "evaluation of the run itself"
            )
    parts = [learned_from(training) for training in trainings]
    everything = None if None in parts else set().union(*parts)
    if learned_from(run) != everything:
        raise ValueError(
            f"{run} did not learn from the images that the cross-validation parted; train on the same --dataset_dir "
            "and --additional_dir, without --fold"
        )


def _refuse_other_reading(evaluation: Path, protocol: Mapping[str, Any]) -> None:
    """Inference looks up thresholds by the preset of views, and only where it reads its answers by the defaults."""
    read_as = {key: protocol.get(key, usual) for key, usual in READ_AS.items()}
    differing = [f"{key} {read_as[key]!r}, not {usual!r}" for key, usual in READ_AS.items() if read_as[key] != usual]
    views, sizes = protocol["views"], protocol["sizes"]
    if list(protocol["symmetries"]) != list(view_symmetries(views)):
        differing.append("symmetries of its own")
    if views != "paper" and len(sizes) > 1:
        differing.append(f"views {views!r} at the sizes {', '.join(map(str, sizes))}, not at one")
    if differing:
        raise ValueError(
            f"{evaluation} was made with {'; '.join(differing)}, which inference does not do; evaluate anew"
        )


def _refuse_seen(evaluation: Path, protocol: Mapping[str, Any]) -> None:
    seen = protocol.get("learned_from")
    if seen:
        raise ValueError(
            f"the weights learned from {seen} of the images that {evaluation} judged them by, so that its figures are "
            "too good to calibrate by; judge other images, or start from weights that have not seen these"
        )
    if seen is None:
        logger.warning(f"{evaluation}: nobody knows whether the weights learned from the images they were judged by")
