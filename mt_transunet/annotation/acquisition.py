# SPDX-License-Identifier: Apache-2.0
"""Which images to have annotated next: the least certain, or those that stand for most of the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

__all__ = ["least_certain_first", "representatives"]

_BLOCK = 512
"""Candidates looked at together: with 10,000 images their distances take 40 MB."""


def least_certain_first(scores: Mapping[str, float]) -> list[str]:
    """The ids by falling uncertainty, equal ones by id, so that the order of the files does not matter."""
    return sorted(scores, key=lambda image_id: (-scores[image_id], image_id))


def representatives(
    descriptions: Mapping[str, np.ndarray], count: int, *, taken: Collection[str] = frozenset()
) -> list[str]:
    """The images that stand for most of the others, one after the other (greedy facility location, or k-medoids).

    Each image is as far from the annotated set as from its nearest member; the next one taken is that which lowers the
    sum of these distances most. It asks no model: the first images of a new collection can be chosen so. The greedy
    rule comes within 1 - 1/e of the best set there is (G. Nemhauser, L. Wolsey and M. Fisher, "An analysis of
    approximations for maximizing submodular set functions", Mathematical Programming 14, 1978).

    Args:
        descriptions: id -> (F,) numbers that say what the image looks like, such as ``quality.description.describe``;
            each is scaled to unit variance over all images.
        count: images wanted; all there are where they are fewer.
        taken: ids annotated before, or in somebody's hands; those without a description do not count.

    Returns:
        Ids in the order in which they were taken, of equals the first by id.

    Raises:
        ValueError: ``count`` is below 1.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    names = sorted(descriptions)
    left = [place for place, name in enumerate(names) if name not in taken]
    if not left:
        return []
    points = np.stack([np.asarray(descriptions[name], np.float64) for name in names])
    points /= np.maximum(points.std(axis=0), 1e-9)
    before = [place for place, name in enumerate(names) if name in taken]
    # with nothing taken every image is far: farther than any two are from each other
    nearest = np.full(len(names), 2 * float(np.linalg.norm(points - points.mean(axis=0), axis=1).max()))
    for place in before:
        nearest = np.minimum(nearest, _distances(points, [place])[0])
    chosen: list[int] = []
    for _ in range(min(count, len(left))):
        best = left[int(np.argmax(_gains(points, left, nearest)))]
        chosen.append(best)
        left.remove(best)
        nearest = np.minimum(nearest, _distances(points, [best])[0])
    return [names[place] for place in chosen]


def _gains(points: np.ndarray, candidates: list[int], nearest: np.ndarray) -> np.ndarray:
    """(N,) points -> (C,) by how much each candidate would lower the sum of ``nearest``."""
    blocks = [candidates[start : start + _BLOCK] for start in range(0, len(candidates), _BLOCK)]
    return np.concatenate([np.maximum(nearest - _distances(points, block), 0).sum(axis=1) for block in blocks])


def _distances(points: np.ndarray, places: list[int]) -> np.ndarray:
    """(C, N) Euclidean distances of the points at ``places`` from all."""
    squares = (points**2).sum(axis=1)
    return np.sqrt(np.maximum(squares[places][:, None] + squares - 2 * points[places] @ points.T, 0))
