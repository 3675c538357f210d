# SPDX-License-Identifier: Apache-2.0
"""What to train on and what to judge by: the dataset's own sides, or parts of its training images in turn."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from .errors import DataError, name_some
from .items import SPLITS, Item, canonical_id

__all__ = ["evaluated_side", "fold_of", "training_sides"]

logger = logging.getLogger(__name__)

Lists = Mapping[str, list[Item]]


def fold_of(image_id: str, num_folds: int) -> int:
    """Which of the folds an image (or the group it is of) belongs to, by its id alone: the same in every dataset and
    order.
    """
    digest = hashlib.sha256(canonical_id(image_id).encode()).digest()
    return int.from_bytes(digest[:8], "big") % num_folds


def _fold(item: Item, num_folds: int) -> int:
    return fold_of(item.get("group", item["image_id"]), num_folds)


def training_sides(datalist: Lists, fold: int | None = None, num_folds: int = 5) -> dict[str, list[Item]]:
    """The lists a run trains and validates on.

    An image is validated on once: of several copies (geometries) the first one given. Images that a validation image
    repeats byte for byte under another id leave the training side.

    Args:
        datalist: as ``load_datalist`` gives it.
        fold: None for the dataset's own validation split. Otherwise that split is left out, and the images of the
            training split that :func:`fold_of` puts into this fold are validated on instead, all their copies kept
            from training.
        num_folds: how many folds.

    Returns:
        ``training``, ``unlabelled`` and ``validation``.

    Raises:
        DataError: no such fold, or one without images on either side.
    """
    training, unlabelled = datalist["training"], datalist.get("unlabelled", [])
    if fold is None:
        validation = _first_copies(datalist.get("validation", []))
    else:
        validation = evaluated_side(datalist, "validation", fold, num_folds)
        training, unlabelled = (
            [item for item in items if _fold(item, num_folds) != fold] for items in (training, unlabelled)
        )
        # whatever their groups: a copy in the second stream may have none
        held = {canonical_id(item["image_id"]) for item in validation}
        training, unlabelled = _without(training, held), _without(unlabelled, held)
        if not training:
            raise DataError(f"fold {fold} of {num_folds} leaves nothing to train on; take more folds")
    twins = _twins([*training, *unlabelled], validation)
    if twins:
        logger.warning(f"dropped {', '.join(sorted(twins))} from training: byte-identical to validation images")
    sides = {"training": _without(training, twins), "unlabelled": _without(unlabelled, twins), "validation": validation}
    part = "" if fold is None else f"fold {fold} of {num_folds}: "
    logger.info(part + ", ".join(f"{name} {len(items)}" for name, items in sides.items()))
    return sides


def evaluated_side(datalist: Lists, split: str, fold: int | None = None, num_folds: int = 5) -> list[Item]:
    """The images to evaluate, each once: those of a split, or those of the training split that a fold holds out.

    Raises:
        DataError: no such fold, an empty one, or a fold of another split than the default, ``val``.
    """
    name = SPLITS.get(split, split)
    if fold is None:
        return _first_copies(datalist[name])
    if not 0 <= fold < num_folds or num_folds < 2:
        raise DataError(f"there is no fold {fold} of {num_folds}: fold counts from 0, and there are at least two")
    if name != "validation":
        raise DataError(f"fold {fold} is a part of the training images to validate on; leave split out, got {split!r}")
    held = [item for item in _first_copies(datalist["training"]) if _fold(item, num_folds) == fold]
    if not held:
        raise DataError(
            f"fold {fold} of {num_folds} holds none of {len(datalist['training'])} images; take fewer folds"
        )
    return held


def _twins(training: list[Item], validation: list[Item]) -> set[str]:
    """Ids of training images equal to a validation image in every byte; only files of equal length are read."""
    by_length = defaultdict(list)
    for item in validation:
        by_length[_length(item)].append(item)
    alike = [item for item in training if _length(item) in by_length]
    digests = {_digest(item) for length in {_length(item) for item in alike} for item in by_length[length]}
    return {canonical_id(item["image_id"]) for item in alike if _digest(item) in digests}


def _first_copies(items: Iterable[Item]) -> list[Item]:
    first: dict[str, Item] = {}
    copied = [item["image_id"] for item in items if first.setdefault(canonical_id(item["image_id"]), item) is not item]
    if copied:
        logger.info(
            f"{len(copied)} further copies of images, by their ids, are not judged again: {name_some(copied, 3)}; "
            "different photographs of one name need an image_id each"
        )
    return list(first.values())


def _without(items: list[Item], ids: set[str]) -> list[Item]:
    return [item for item in items if canonical_id(item["image_id"]) not in ids]


def _length(item: Item) -> int:
    return Path(item["image"]).stat().st_size


def _digest(item: Item) -> bytes:
    return hashlib.sha256(Path(item["image"]).read_bytes()).digest()
