# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from itertools import chain

import pytest

from mt_transunet.data import DataError, DrawKey, TwoStreamBatchSampler


def _sampler(labelled=11, unlabelled=5, **kwargs):
    return TwoStreamBatchSampler(
        labelled, unlabelled, **({"labelled_batch": 2, "unlabelled_batch": 3, "seed": 7} | kwargs)
    )


def _epochs(sampler, count):
    return [list(sampler) for _ in range(count)]


def test_each_batch_is_labelled_first_then_unlabelled():
    batches = list(_sampler())
    assert len(batches) == len(_sampler()) == 11 // 2
    for batch in batches:
        indices = [key.index for key in batch]
        assert all(isinstance(key, DrawKey) for key in batch)
        assert all(0 <= index < 11 for index in indices[:2]) and all(11 <= index < 16 for index in indices[2:])


def test_no_labelled_image_comes_twice_in_an_epoch_and_epochs_differ():
    first, second = (list(chain.from_iterable(batch[:2] for batch in epoch)) for epoch in _epochs(_sampler(), 2))
    assert len({key.index for key in first}) == 10
    assert {key.epoch for key in first} == {0} and {key.epoch for key in second} == {1}
    assert [key.index for key in first] != [key.index for key in second]


def test_the_second_stream_passes_whole_across_epochs():
    epochs = _epochs(_sampler(), 2)
    stream = [key for epoch in epochs for batch in epoch for key in batch[2:]]  # 30 draws of 5 images
    for turn in range(6):
        part = stream[5 * turn : 5 * turn + 5]
        assert {key.index for key in part} == set(range(11, 16)) and {key.epoch for key in part} == {turn}


def test_no_draw_is_ever_repeated():
    for sampler in (_sampler(), _sampler(3, 1, labelled_batch=8), _sampler(2, 0)):
        keys = list(chain.from_iterable(chain.from_iterable(_epochs(sampler, 4))))
        assert len(keys) == len(set(keys))


def test_an_order_depends_on_seed_and_epoch_alone():
    epochs = _epochs(_sampler(), 3)
    later = _sampler()
    later.set_progress(2)
    assert list(later) == epochs[2]
    assert list(_sampler(seed=8)) != epochs[0]


def test_an_iterator_that_is_never_used_costs_no_epoch():
    sampler = _sampler()
    iter(sampler)
    assert list(sampler) == list(_sampler())


@pytest.mark.parametrize("done", range(6))
def test_a_killed_run_goes_on_as_if_nothing_had_happened(done):
    epochs = _epochs(_sampler(), 3)
    resumed = _sampler()
    resumed.set_progress(1, done)
    assert list(resumed) == epochs[1][done:]
    assert list(resumed) == epochs[2]


@pytest.mark.parametrize("replicas", [2, 3])
@pytest.mark.parametrize("labelled, unlabelled", [(25, 7), (4, 7), (25, 0)])
def test_replicas_cut_the_batches_of_one_process(replicas, labelled, unlabelled):
    parts = [_epochs(_sampler(labelled, unlabelled, num_replicas=replicas, rank=rank), 2) for rank in range(replicas)]
    one = _epochs(
        _sampler(labelled, unlabelled, labelled_batch=2 * replicas, unlabelled_batch=3 * replicas),
        2,
    )
    for epoch in range(2):
        assert {len(part[epoch]) for part in parts} == {len(one[epoch])}
        for together, *cut in zip(one[epoch], *(part[epoch] for part in parts)):
            assert sorted(chain.from_iterable(cut)) == sorted(together)
            assert len({sum(key.index < labelled for key in batch) for batch in cut}) == 1


def test_without_a_second_stream_the_whole_batch_is_labelled():
    batches = list(_sampler(11, 0))
    assert [len(batch) for batch in batches] == [5, 5]
    assert all(key.index < 11 for batch in batches for key in batch)


def test_the_second_stream_can_be_left_out():
    assert [len(batch) for batch in _sampler(4, 9, unlabelled_batch=0)] == [2, 2]


def test_fewer_images_than_a_batch_fill_it_by_cycling():
    (batch,) = list(_sampler(3, 0, labelled_batch=6, unlabelled_batch=1))
    assert [sum(key.index == index for key in batch) for index in range(3)] in ([3, 2, 2], [2, 3, 2], [2, 2, 3])


def test_no_mask_at_all_is_refused():
    with pytest.raises(DataError, match=r"no training image has a mask \(5 have none\)"):
        _sampler(0)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"labelled_batch": 0}, "labelled_batch of at least 1"),
        ({"unlabelled_batch": -1}, "got 2 and -1"),
        ({"seed": -1}, "seed must not be negative, got -1"),
        ({"rank": 1}, "got rank 1 of 1"),
    ],
)
def test_counts_that_make_no_batch_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        _sampler(**wrong)


@pytest.mark.parametrize("progress", [(-1, 0), (0, 6)])
def test_progress_beyond_the_epoch_is_refused(progress):
    with pytest.raises(ValueError, match="0 to 5 batches"):
        _sampler().set_progress(*progress)
