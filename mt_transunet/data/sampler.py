# SPDX-License-Identifier: Apache-2.0
"""Batches of images with masks and images without, in an order that depends on (seed, epoch) alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from torch.utils.data import Sampler

from .errors import DataError

_LABELLED, _UNLABELLED = 0, 1  # keep the two streams' permutations apart


class DrawKey(NamedTuple):
    """Which item, and which of its draws: (seed, epoch, index) determines every random choice.

    ``epoch`` counts the passes over the item's own stream, so that an image of a short second stream,
    seen several times in one training epoch, is augmented anew each time.
    """

    epoch: int
    index: int


class TwoStreamBatchSampler(Sampler[list[DrawKey]]):
    """Each batch: ``labelled_batch`` images with masks, then ``unlabelled_batch`` without.

    An epoch is one pass over the labelled images, remainder dropped; the second stream is reshuffled
    endlessly across epochs, as in the authors' code. With fewer labelled images than one
    batch takes, an epoch is one batch, filled by cycling, so that a handful of images trains too.
    Without a second stream the whole batch is labelled.

    Replicas cut each global batch of one common order into equal parts, so every replica has as many
    images of each stream and as many batches, and the number of replicas does not change what is seen
    together in a step.

    Args:
        labelled: number of images with masks; they are indices 0 to labelled - 1 of the dataset.
        unlabelled: number of images without; they follow.
        labelled_batch: images with masks in one batch of one replica.
        unlabelled_batch: images without masks in one batch of one replica.
        seed: non-negative.
        num_replicas: processes that train together.
        rank: which of them this is.

    Raises:
        DataError: no image has a mask.
        ValueError: a count that makes no batch.
    """

    def __init__(
        self,
        labelled: int,
        unlabelled: int,
        *,
        labelled_batch: int,
        unlabelled_batch: int,
        seed: int,
        num_replicas: int = 1,
        rank: int = 0,
    ) -> None:
        if labelled < 1:
            raise DataError(
                f"no training image has a mask ({unlabelled} have none): segmentation cannot be learned; "
                "give a dataset_dir with masks and the images without as additional_dir"
            )
        _check_counts(labelled_batch, unlabelled_batch, seed, num_replicas, rank)
        self.labelled, self.unlabelled, self.seed = labelled, unlabelled, seed
        self.labelled_batch = labelled_batch + (0 if unlabelled else unlabelled_batch)
        self.unlabelled_batch = unlabelled_batch if unlabelled else 0
        self.num_replicas, self.rank = num_replicas, rank
        self.epoch, self.batches_done = 0, 0

    def __len__(self) -> int:
        """Batches per epoch, the same on every replica and whatever the progress."""
        return max(1, self.labelled // (self.labelled_batch * self.num_replicas))

    def set_progress(self, epoch: int, batches_done: int = 0) -> None:
        """The next iteration is ``epoch`` (from 0) without its first ``batches_done`` batches.

        Raises:
            ValueError: a negative epoch, or more batches than an epoch has.
        """
        if epoch < 0 or not 0 <= batches_done <= len(self):
            raise ValueError(
                f"progress must be an epoch from 0 and 0 to {len(self)} batches, got epoch {epoch}, {batches_done} "
                "batches; a checkpoint of a run with other data or another batch size cannot be continued"
            )
        self.epoch, self.batches_done = epoch, batches_done

    def __iter__(self) -> Iterator[list[DrawKey]]:
        """One epoch from where ``set_progress`` put it; the iteration after that is the next epoch, whole.

        The epoch is claimed when the first batch is drawn: a DataLoader with workers calls ``iter`` twice
        and draws from the second iterator only.
        """
        epoch, start = self.epoch, self.batches_done
        self.epoch, self.batches_done = epoch + 1, 0
        order = self._labelled_order(epoch)
        for batch in range(start, len(self)):
            labelled = self._own_part(self.labelled_batch, batch)
            unlabelled = self._own_part(self.unlabelled_batch, epoch * len(self) + batch)
            yield [order[place] for place in labelled] + [self._unlabelled_at(place) for place in unlabelled]

    def _own_part(self, size: int, global_batch: int) -> range:
        """This replica's places in the common order, ``size`` of them."""
        start = (global_batch * self.num_replicas + self.rank) * size
        return range(start, start + size)

    def _labelled_order(self, epoch: int) -> list[DrawKey]:
        order = self._permutation(_LABELLED, epoch, self.labelled)
        needed = self.labelled_batch * self.num_replicas
        cycles = -(-needed // self.labelled)  # 1 unless one batch takes more images than there are
        return [DrawKey(epoch * cycles + cycle, int(index)) for cycle in range(cycles) for index in order]

    def _unlabelled_at(self, place: int) -> DrawKey:
        turn, offset = divmod(place, self.unlabelled)
        if self._turn != turn:
            self._turn, self._turn_order = turn, self._permutation(_UNLABELLED, turn, self.unlabelled)
        return DrawKey(turn, self.labelled + int(self._turn_order[offset]))

    _turn = -1  # the pass over the second stream whose permutation is at hand
    _turn_order: np.ndarray

    def _permutation(self, stream: int, turn: int, count: int) -> np.ndarray:
        return np.random.default_rng([self.seed, stream, turn]).permutation(count)


def _check_counts(labelled_batch: int, unlabelled_batch: int, seed: int, num_replicas: int, rank: int) -> None:
    if labelled_batch < 1 or unlabelled_batch < 0:
        raise ValueError(
            "a batch needs labelled_batch of at least 1 and unlabelled_batch of at least 0, "
            f"got {labelled_batch} and {unlabelled_batch}"
        )
    if seed < 0:
        raise ValueError(f"seed must not be negative, got {seed}")
    if not 0 <= rank < num_replicas:
        raise ValueError(f"rank must be 0 to num_replicas - 1, got rank {rank} of {num_replicas}")
