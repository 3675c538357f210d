# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from mt_transunet.annotation import least_certain_first, representatives


def on_a_line(**places):
    return {name: np.array([place]) for name, place in places.items()}


def test_the_least_certain_image_comes_first_and_equals_go_by_id():
    assert least_certain_first({"c": 0.2, "b": 0.7, "d": 0.7, "a": 0.2}) == ["b", "d", "a", "c"]


def test_the_first_representative_is_the_medoid():
    # sums of distances: a 0 + 1 + 2 + 4 + 9 = 16, b 13, c 2 + 1 + 0 + 2 + 7 = 12, d 14, e 29
    assert representatives(on_a_line(a=0.0, b=1.0, c=2.0, d=4.0, e=9.0), 1) == ["c"]


def test_the_second_representative_stands_for_the_group_that_the_first_leaves_out():
    # beside c, the distances 6, 7 and 8 of x, y and z become 2, 1 and 0 with z, but 1, 0 and 1 with y
    described = on_a_line(a=0.0, b=1.0, bb=1.5, c=2.0, x=8.0, y=9.0, z=10.0)
    assert representatives(described, 2) == ["c", "y"]


def test_what_is_taken_stands_for_its_like():
    assert representatives(on_a_line(a=0.0, b=1.0, c=2.0, x=8.0, y=9.0, z=10.0), 1, taken={"b"}) == ["y"]


def test_one_odd_image_does_not_come_before_many_like_each_other():
    # beside a, odd gains its own 15; c gains 10.1 + (10 - 0.1) + (10.2 - 0.1)
    assert representatives(on_a_line(a=0.0, b=10.0, c=10.1, d=10.2, odd=-15.0), 1, taken={"a"}) == ["c"]


def test_each_step_leaves_the_least_sum_of_distances():
    points = np.random.default_rng(0).normal(size=(40, 3))
    described = {f"{place:02}": point for place, point in enumerate(points)}
    distances = cdist(points / points.std(axis=0), points / points.std(axis=0))
    taken = [7, 11]
    for name in representatives(described, 5, taken={"07", "11"}):
        sums = {place: distances[[*taken, place]].min(axis=0).sum() for place in range(40) if place not in taken}
        assert int(name) == min(sums, key=sums.get)
        taken.append(int(name))


def test_each_number_of_a_description_counts_alike_whatever_its_unit():
    points = np.random.default_rng(1).normal(size=(8, 2))
    plain = {str(place): point for place, point in enumerate(points)}
    scaled = {str(place): point * (1000, 5) for place, point in enumerate(points)}
    assert representatives(scaled, 8) == representatives(plain, 8)


def test_a_number_that_differs_by_rounding_alone_does_not_count():
    # scaled to unit variance, the second number would make d the medoid: it is 0.001 in the middle of all others
    described = {"a": (0.0, 0.0), "b": (1.0, 0.002), "c": (2.0, 0.002), "d": (4.0, 0.001), "e": (9.0, 0.0)}
    described = {name: np.array(both) for name, both in described.items()}
    assert representatives(described, 1) == ["c"] and representatives(described, 1, least_spread=1e-9) != ["c"]


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
