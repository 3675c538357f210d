# SPDX-License-Identifier: Apache-2.0
"""What to train on and what to validate on: the dataset's own sides, or parts of its training images in turn."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from monai.data import partition_dataset_classes

from .errors import DataError
from .items import Item, canonical_id

__all__ = ["training_sides"]

logger = logging.getLogger(__name__)

FOLD_SEED = 2017
"""Of the shuffle that deals images to folds: a constant, so that fold 0 means the same images in every run."""


def training_sides(datalist: dict[str, list[Item]], fold: int | None = None, folds: int = 5) -> dict[str, list[Item]]:
    """The lists a run trains and validates on.

    An image is validated on once: of several copies (geometries) the first one given. Images that a validation image
    repeats byte for byte under another id leave the training side.

    Args:
        datalist: as ``load_datalist`` gives it.
        fold: None for the dataset's own validation split. Otherwise that split is left out and validation takes one
            of ``folds`` equal parts of the training images, dealt by id, each diagnosis evenly, so that all copies of
            an image are on one side.
        folds: how many parts.

    Returns:
        ``training``, ``unlabelled`` and ``validation``.

    Raises:
        DataError: no such fold, or fewer images of a diagnosis than folds.
    """
    training, unlabelled = datalist["training"], datalist.get("unlabelled", [])
    if fold is None:
        validation = _first_copies(datalist.get("validation", []))
    else:
        held = _part(training, fold, folds)
        validation = [item for item in _first_copies(training) if canonical_id(item["image_id"]) in held]
        training, unlabelled = _outside(training, held), _outside(unlabelled, held)
    twins = _twins([*training, *unlabelled], validation)
    if twins:
        logger.warning(f"dropped {', '.join(sorted(twins))} from training: byte-identical to validation images")
    sides = {
        "training": _outside(training, twins),
        "unlabelled": _outside(unlabelled, twins),
        "validation": validation,
    }
    logger.info(
        ("" if fold is None else f"fold {fold} of {folds}: ")
        + ", ".join(f"{name} {len(items)}" for name, items in sides.items())
    )
    return sides


def _part(items: list[Item], fold: int, folds: int) -> set[str]:
    """The canonical ids of one part."""
    labels = {canonical_id(item["image_id"]): item.get("label", -1) for item in items}
    rarest = min(Counter(labels.values()).values())
    if not 2 <= folds <= rarest or not 0 <= fold < folds:
        raise DataError(
            f"there is no fold {fold} of {folds}: fold counts from 0, and the rarest diagnosis, with {rarest} training "
            f"images, allows 2 to {rarest} folds"
        )
    ids = sorted(labels)
    parts = partition_dataset_classes(
        ids, [labels[name] for name in ids], num_partitions=folds, shuffle=True, seed=FOLD_SEED
    )
    return set(parts[fold])


def _twins(training: list[Item], validation: list[Item]) -> set[str]:
    """Ids of training images equal to a validation image in every byte; only files of equal length are read."""
    by_length = defaultdict(set)
    for item in validation:
        by_length[Path(item["image"]).stat().st_size].add(item["image"])
    twins = set()
    for item in training:
        alike = by_length.get(Path(item["image"]).stat().st_size, set())
        if alike and _digest(item["image"]) in {_digest(path) for path in alike}:
            twins.add(canonical_id(item["image_id"]))
    return twins


def _first_copies(items: Iterable[Item]) -> list[Item]:
    first: dict[str, Item] = {}
    for item in items:
        first.setdefault(canonical_id(item["image_id"]), item)
    return list(first.values())


def _outside(items: list[Item], ids: set[str]) -> list[Item]:
    return [item for item in items if canonical_id(item["image_id"]) not in ids]


def _digest(path: str) -> bytes:
    return hashlib.sha256(Path(path).read_bytes()).digest()
