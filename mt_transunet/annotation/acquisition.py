# SPDX-License-Identifier: Apache-2.0
"""Which images to have annotated next, from how uncertain each of them is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["choose_batch", "least_certain_first"]


def least_certain_first(scores: Mapping[str, float]) -> list[str]:
    """The ids by falling uncertainty, equal ones by id, so that the order of the files does not matter."""
    return sorted(scores, key=lambda image_id: (-scores[image_id], image_id))


def choose_batch(
    scores: Mapping[str, float],
    count: int,
    *,
    descriptions: Mapping[str, np.ndarray] | None = None,
    candidates: int = 4,
) -> list[str]:
    """The ``count`` images to annotate before the network is trained again.

    Without ``descriptions`` they are the least certain ones. A batch of these may hold the same difficulty many times
    over; with ``descriptions`` only the first is the least certain, and each further one is, among the ``candidates *
    count`` least certain, the one farthest from all that were taken before (the greedy k-centre rule: O. Sener and
    S. Savarese, "Active Learning for Convolutional Neural Networks: A Core-Set Approach", ICLR 2018).

    Args:
        scores: id -> uncertainty, larger for less certain.
        count: images wanted; all there are where they are fewer.
        descriptions: id -> (F,) numbers that say what the image looks like, such as ``quality.description.describe``;
            each is scaled to unit variance over the candidates.
        candidates: how many times ``count`` are looked at.

    Returns:
        Ids in the order in which they were taken.

    Raises:
        ValueError: ``count`` or ``candidates`` is below 1.
    """
    if count < 1 or candidates < 1:
        raise ValueError(f"count and candidates must be at least 1, got {count} and {candidates}")
    order = least_certain_first(scores)
    if descriptions is None or len(order) <= count:
        return order[:count]
    order = order[: candidates * count]
    points = np.stack([np.asarray(descriptions[image_id], np.float64) for image_id in order])
    return [order[place] for place in _farthest_first(points / np.maximum(points.std(axis=0), 1e-9), count)]


def _farthest_first(points: np.ndarray, count: int) -> list[int]:
    """Places of ``count`` of the (N, F) points: the first, then always the one farthest from those taken."""
    taken = [0]
    nearest = np.linalg.norm(points - points[0], axis=1)
    while len(taken) < count:
        nearest[taken[-1]] = -1.0  # never again, even where all the others are copies of it
        taken.append(int(nearest.argmax()))
        nearest = np.where(
            nearest < 0, nearest, np.minimum(nearest, np.linalg.norm(points - points[taken[-1]], axis=1))
        )
    return taken
