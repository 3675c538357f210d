# SPDX-License-Identifier: Apache-2.0
"""Whether an evaluation says how good a run's weights are on images they have not seen."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..engines.checkpoint import BEFORE
from ..inferers import READ_AS, view_symmetries
from ..networks import weights_hash
from ..pooled_evaluation import FOLDS
from ..reports.comparison import read_evaluated
from ..reports.rows import read_rows
from ..run_files import HISTORY, METRICS, RECORD
from ..seen_images import learned_from

__all__ = ["Judgement", "read_judgement", "read_settings"]

logger = logging.getLogger(__name__)

_OF_THE_IMAGES = (
    *("dataset_dir", "additional_dir", "dataset", "fold", "num_folds", "images", "image_ids", "masks_and_diagnoses"),
)
"""Settings in which a training on all images differs from one that a fold was held out of."""

_SINCE_0_11 = {"optimizer"}
"""Settings that older records do not hold, though their trainings may have differed in them."""

_OF_INFERENCE = {**READ_AS, "precision": "fp32", "only": None}
"""How inference reads images and answers, of all images it is given; a protocol that lacks one was made so."""


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
        run: folder of a training; of a finished one, where it was cross-validated.
        evaluation: ``output_dir`` of ``run evaluating`` with the run's weights, or of ``mt-transunet crossvalidate``
            told what the run was told.

    Raises:
        ValueError: no such folders; other weights, another training or other images; the test split, or some images
            picked by hand; masks, classes or photographs read in another way than inference does; or images that the
            weights learned from.
    """
    read_settings(run)
    found = read_evaluated(evaluation)
    if not found.protocol:
        raise ValueError(f"{evaluation} holds no {METRICS}, so nothing says what was judged; evaluate anew")
    if missing := [key for key in ("variant", "split", "views", "symmetries", "sizes") if key not in found.protocol]:
        raise ValueError(
            f"{evaluation} does not tell its {', '.join(missing)}: an older version made it; evaluate anew"
        )
    folds = json.loads((evaluation / METRICS).read_text(encoding="utf-8")).get(FOLDS, [])
    trainings = [evaluation / "folds" / str(fold) / "training" for fold in range(len(folds))]
    if trainings:
        _refuse_unfinished(run)
        _refuse_another_training(run, trainings)
        _refuse_other_images(run, trainings)
    _refuse_other_weights(evaluation, found.protocol, trainings or [run])
    _refuse_other_reading(evaluation, found.protocol)
    _refuse_seen(evaluation, found.protocol)
    return Judgement(found.rows, found.protocol, trainings)


def read_settings(run: Path) -> dict[str, Any]:
    """What a training was told.

    Raises:
        ValueError: not the folder of one.
    """
    if missing := [name for name in (RECORD, HISTORY) if not (run / name).is_file()]:
        raise ValueError(f"{run} is not the folder of a training: it holds no {missing[0]}; name its output_dir")
    return {**BEFORE, **json.loads((run / RECORD).read_text(encoding="utf-8"))["settings"]}


def _refuse_unfinished(run: Path) -> None:
    """The trainings of a cross-validation are judged after their last iteration."""
    wanted, rows = read_settings(run).get("iterations", 0), read_rows(run / HISTORY)
    done = int(rows[-1]["iteration"]) if rows else 0
    if done < wanted:
        raise ValueError(
            f"{run} has done {done} of {wanted} iterations, its cross-validation all; give its command again, or train "
            "without --early_stop_patience"
        )


def _refuse_another_training(run: Path, trainings: Sequence[Path]) -> None:
    own = read_settings(run)
    for training in trainings:
        theirs = read_settings(training)
        only_one_tells = _SINCE_0_11 & (own.keys() ^ theirs.keys())
        keys = sorted((own.keys() | theirs.keys()) - set(_OF_THE_IMAGES) - only_one_tells)
        differing = [
            f"{key} {own.get(key)!r} and {theirs.get(key)!r}" for key in keys if own.get(key) != theirs.get(key)
        ]
        if differing:
            raise ValueError(
                f"{run} and {training} are not the same training ({'; '.join(differing)}); train alike, or give an "
                "evaluation of the run itself"
            )


def _refuse_other_images(run: Path, trainings: Sequence[Path]) -> None:
    """There are two folds or more, so that some of their trainings learned from each image."""
    parts = [learned_from(training) for training in trainings]
    if None in parts or learned_from(run) != set().union(*parts):
        raise ValueError(
            f"{run} did not learn from the images that the cross-validation parted, or nobody knows; train on the same "
            "--dataset_dir and --additional_dir, without --fold, from weights with a list of their images"
        )


def _refuse_other_weights(evaluation: Path, protocol: Mapping[str, Any], judged: Sequence[Path]) -> None:
    hashes = [weights_hash(run) for run in judged]
    told = protocol.get("weights_sha256")
    if told != (hashes if isinstance(told, list) else hashes[0]):
        names = ", ".join(map(str, judged))
        raise ValueError(
            f"{evaluation} judged {protocol.get('weights', 'others')}, not the weights of {names}; do that"
        )


def _refuse_other_reading(evaluation: Path, protocol: Mapping[str, Any]) -> None:
    """Inference looks up thresholds by the preset of views, and only where it reads its answers by the defaults."""
    told = {key: protocol.get(key, usual) for key, usual in _OF_INFERENCE.items()}
    differing = [f"{key} {told[key]!r}, not {usual!r}" for key, usual in _OF_INFERENCE.items() if told[key] != usual]
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
    if protocol["split"] == "test":
        raise ValueError(
            f"{evaluation} is of a test split, which is there to judge by and not to fit to; evaluate with "
            "--split val, or cross-validate"
        )
    seen = protocol.get("learned_from")
    if seen:
        raise ValueError(
            f"the weights learned from {seen} of the images that {evaluation} judged them by, so that its figures are "
            "too good to calibrate by; judge other images, or start from weights that have not seen these"
        )
    if seen is None:
        logger.warning(f"{evaluation}: nobody knows whether the weights learned from the images they were judged by")
