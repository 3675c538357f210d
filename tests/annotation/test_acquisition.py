# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools

import numpy as np
import pytest

from mt_transunet.annotation import least_certain_first, representatives


def on_a_line(**places):
    return {name: np.array([place]) for name, place in places.items()}


def test_the_least_certain_image_comes_first_and_equals_go_by_id():
    assert least_certain_first({"c": 0.2, "b": 0.7, "d": 0.7, "a": 0.2}) == ["b", "d", "a", "c"]


def test_the_first_representative_is_the_medoid():
    # sums of distances: a 1 + 2 + 9 = 12, b 1 + 1 + 8 = 10, c 2 + 1 + 7 = 10 (after b by id), far 9 + 8 + 7 = 24
    assert representatives(on_a_line(a=0.0, b=1.0, c=2.0, far=9.0), 1) == ["b"]


def test_the_second_representative_stands_for_the_group_that_the_first_leaves_out():
    assert representatives(on_a_line(a=0.0, b=1.0, c=2.0, x=8.0, y=9.0), 2) == ["c", "x"]


def test_what_is_taken_stands_for_its_like():
    # beside b, a and c gain nothing but themselves (1 each), x gains its 7 and y's 7
    assert representatives(on_a_line(a=0.0, b=1.0, c=2.0, x=8.0, y=9.0), 1, taken={"b"}) == ["x"]


def test_one_odd_image_does_not_come_before_many_like_each_other():
    described = on_a_line(a=0.0, b=10.0, c=10.1, d=10.2, e=10.3, odd=-15.0)
    assert representatives(described, 1, taken={"a"}) == ["c"]


def test_the_first_pair_is_never_worse_than_the_greedy_bound_allows():
    rng = np.random.default_rng(0)
    described = {f"{place:02}": point for place, point in enumerate(rng.normal(size=(14, 3)))}
    points = np.stack(list(described.values()))
    points = points / points.std(axis=0)
    far = 2 * np.linalg.norm(points - points.mean(axis=0), axis=1).max()

    def gain(names):
        return far * 14 - np.linalg.norm(points[:, None] - points[[int(name) for name in names]], axis=2).min(1).sum()

    best = max(gain(pair) for pair in itertools.combinations(described, 2))
    assert (1 - 1 / np.e) * best <= gain(representatives(described, 2)) <= best


def test_each_number_of_a_description_counts_alike_whatever_its_unit():
    described = {"a": (0.0, 0.0), "b": (0.0, 0.003), "c": (500.0, 0.0), "d": (1000.0, 0.003), "e": (1000.0, 0.0)}
    scaled = {name: np.array([first / 1000, second * 1e3]) for name, (first, second) in described.items()}
    wanted = representatives({name: np.array(both) for name, both in described.items()}, 5)
    assert representatives(scaled, 5) == wanted


def test_each_image_is_taken_once_even_among_copies():
    assert representatives({name: np.zeros(2) for name in "fedcba"}, 3) == ["a", "b", "c"]


def test_of_a_pool_that_is_smaller_than_the_batch_all_are_taken():
    assert sorted(representatives(on_a_line(a=0.0, b=1.0, c=5.0), 9, taken={"c"})) == ["a", "b"]


def test_nothing_is_taken_from_a_pool_that_is_all_taken():
    assert representatives(on_a_line(a=0.0), 1, taken={"a"}) == []


def test_an_annotated_image_without_a_description_does_not_count():
    assert representatives(on_a_line(a=0.0, b=1.0, c=2.0), 1, taken={"lost"}) == ["b"]


def test_more_candidates_than_a_block_holds_are_all_looked_at():
    described = {f"{place:04}": np.array([float(place)]) for place in range(1201)}
    assert representatives(described, 1) == ["0600"]


def test_a_batch_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        representatives(on_a_line(a=0.0), 0)
