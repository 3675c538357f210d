# SPDX-License-Identifier: Apache-2.0
"""The images that wait for a person in an annotation tool: scored by the model, served least certain first.

Knows a datastore as MONAI Label has it (``get_unlabeled_images``, ``get_image_info``, ``get_image_uri``,
``update_image_info``), but not MONAI Label.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

__all__ = ["SCORE", "STAMP", "Datastore", "Served", "due_images", "next_image", "score_images"]

logger = logging.getLogger(__name__)

SCORE, STAMP = "uncertainty", "uncertainty_ts"
"""What is kept with an image: its uncertainty, None where the model failed on it, and the model's time stamp."""
DAY = 24 * 60 * 60


class Datastore(Protocol):
    def get_unlabeled_images(self) -> list[str]: ...

    def get_image_info(self, image_id: str) -> dict[str, Any]: ...

    def get_image_uri(self, image_id: str) -> str: ...

    def update_image_info(self, image_id: str, info: dict[str, Any]) -> None: ...


def score_images(
    datastore: Datastore, answer: Callable[[str], Mapping[str, Any]], *, model: int, most: int = 0
) -> dict[str, Any]:
    """Ask the model for the uncertainty of every waiting image it has not been asked for yet.

    An image that cannot be read does not stop the others: it is logged, and not tried again with this model.

    Args:
        datastore: images and what is known of them.
        answer: from an image's path to what inference answers beside the mask; ``uncertainty`` in it is used.
        model: time stamp of the model's file, seconds: a score of another stamp is out of date.
        most: images to score at most, 0 for all; they are taken by id.

    Returns:
        ``total`` waiting images, ``skipped`` (scored before), ``executed``, ``failed`` of these, ``latency`` (s).

    Raises:
        ValueError: the answer holds no uncertainty: the bundle is older than this rule.
    """
    began, total = time.time(), len(datastore.get_unlabeled_images())
    due = due_images(datastore, model=model)
    due, skipped, failed = due[: most or None], total - len(due), 0
    for image_id in due:
        score = _score(answer, image_id, datastore)
        failed += score is None
        try:
            datastore.update_image_info(image_id, {SCORE: score, STAMP: model})
        except Exception as error:  # of a class that only the datastore knows: somebody removed the image
            logger.warning(f"the uncertainty of {image_id} is not kept: {error}")
    latency = round(time.time() - began, 3)
    return {"total": total, "skipped": skipped, "executed": len(due), "failed": failed, "latency": latency}


def due_images(datastore: Datastore, *, model: int) -> list[str]:
    """The waiting images, by id, that were not scored by the model of this time stamp."""
    waiting = sorted(datastore.get_unlabeled_images())
    return [image_id for image_id in waiting if datastore.get_image_info(image_id).get(STAMP) != model]


def _score(answer: Callable[[str], Mapping[str, Any]], image_id: str, datastore: Datastore) -> float | None:
    try:
        found = answer(datastore.get_image_uri(image_id))
    except Exception as error:  # whatever a model does with a file it cannot take
        logger.warning(f"{image_id} has no uncertainty and is served last: {error}")
        return None
    if SCORE not in found:
        raise ValueError(
            f"the model's answer has no {SCORE!r} but {sorted(found)}; package the bundle anew, with an inference.json "
            "that puts it into the result"
        )
    return float(found[SCORE])


def next_image(images: Mapping[str, Mapping[str, Any]], *, in_hand: Collection[str] = frozenset()) -> str | None:
    """Which of the waiting images a person should see next.

    The one of greatest uncertainty, equal ones by id. A score counts until a newer one replaces it, also while a
    trained model is still busy scoring. Images without a score come after all that have one, those in somebody's hands
    last of all.

    Args:
        images: id -> what the datastore knows of it, ``uncertainty`` among it.
        in_hand: ids of those that somebody works at.

    Returns:
        Its id, None if nothing waits.
    """

    def place(image_id: str) -> tuple[bool, bool, float, str]:
        score = images[image_id].get(SCORE)
        return image_id in in_hand, score is None, -(score or 0.0), image_id

    return min(images, key=place, default=None)


class Served:
    """When images were served: somebody has them in hand, or has passed them over.

    MONAI Label notes it in the datastore, whose file a process that scores may overwrite at the same moment; so it is
    remembered here too.

    Args:
        rest: seconds for which a served image counts as in somebody's hands.
    """

    def __init__(self, rest: float = DAY) -> None:
        self._rest = rest
        self._times: dict[str, float] = {}

    def add(self, image_id: str, now: float | None = None) -> None:
        """``now`` in seconds since 1970; None takes the clock."""
        self._times[image_id] = time.time() if now is None else now

    def lately(self, images: Mapping[str, Mapping[str, Any]], now: float | None = None) -> set[str]:
        """Those that any strategy served within the rest.

        Args:
            images: id -> what the datastore knows of it; under ``strategy`` when each strategy last served it.
            now: seconds since 1970; None takes the clock.
        """
        now = time.time() if now is None else now

        def last(image_id: str) -> float:
            noted = (note.get("ts", 0) for note in images[image_id].get("strategy", {}).values())
            return max(noted, default=0)

        return {name for name in images if now - max(last(name), self._times.get(name, 0)) < self._rest}
