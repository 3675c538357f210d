# SPDX-License-Identifier: Apache-2.0
"""The images that wait for a person, described without a model: served by how many of the others each stands for.

Knows a datastore as ``queue`` does.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from typing import Any, Protocol

import numpy as np
from PIL import Image

from ..quality.description import describe
from .acquisition import representatives
from .queue import DAY, in_hand

__all__ = ["DESCRIPTION", "Album", "describe_images", "next_representative"]

logger = logging.getLogger(__name__)

DESCRIPTION = "description"
"""What is kept with an image: the numbers of ``quality.description``, None where it cannot be read."""
_DRAFT_SIDE = 128
"""Pixels: a JPEG is decoded at the coarsest of its scales that is no smaller, which is twice what describing takes."""


class Album(Protocol):
    def list_images(self) -> list[str]: ...

    def get_image_info(self, image_id: str) -> dict[str, Any]: ...

    def get_image_uri(self, image_id: str) -> str: ...

    def update_image_info(self, image_id: str, info: dict[str, Any]) -> None: ...


def describe_images(datastore: Album, *, most: int = 0) -> dict[str, Any]:
    """Keep the description of every image, labelled ones too, that has none yet.

    An image that cannot be read does not stop the others: it is logged, and not tried again.

    Args:
        datastore: images and what is known of them.
        most: images to describe at most, 0 for all; they are taken by id.

    Returns:
        ``total`` images, ``skipped`` (described before), ``executed``, ``failed`` of these, ``latency`` (s).
    """
    began, images = time.time(), sorted(datastore.list_images())
    due = [image_id for image_id in images if DESCRIPTION not in datastore.get_image_info(image_id)]
    due, skipped, failed = due[: most or None], len(images) - len(due), 0
    for image_id in due:
        found = _description(image_id, datastore.get_image_uri(image_id))
        failed += found is None
        datastore.update_image_info(image_id, {DESCRIPTION: found})
    latency = round(time.time() - began, 3)
    return {"total": len(images), "skipped": skipped, "executed": len(due), "failed": failed, "latency": latency}


def _description(image_id: str, path: str) -> list[float] | None:
    try:
        with Image.open(path) as photograph:
            photograph.draft("RGB", (_DRAFT_SIDE, _DRAFT_SIDE))
            return [round(value, 4) for value in describe(np.asarray(photograph.convert("RGB"))).tolist()]
    except Exception as error:  # whatever Pillow finds wrong with a file
        logger.warning(f"{image_id} has no description and is served last: {error}")
        return None


def next_representative(
    images: Mapping[str, Mapping[str, Any]],
    waiting: Collection[str],
    *,
    strategy: str,
    now: float | None = None,
    rest: float = DAY,
) -> str | None:
    """Which of the waiting images a person should see next: the one that stands for most of the others.

    Images that have a label, and those this strategy served within ``rest``, stand for their like already. Images
    without a description come after all that have one, those in somebody's hands last.

    Args:
        images: id -> what the datastore knows of it, labelled ones too.
        waiting: ids of those without a label.
        strategy: name of this strategy there.
        now: seconds since 1970; None takes the clock.
        rest: seconds.

    Returns:
        Its id, None if nothing waits.
    """
    now = time.time() if now is None else now
    out = {image_id for image_id in waiting if in_hand(images[image_id], strategy, now, rest)}
    described = {image_id: np.array(info[DESCRIPTION]) for image_id, info in images.items() if info.get(DESCRIPTION)}
    taken = out | (set(images) - set(waiting))
    best = representatives(described, 1, taken=taken)
    return best[0] if best else min(waiting, key=lambda image_id: (image_id in out, image_id), default=None)
