# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from mt_transunet.annotation import choose_batch, least_certain_first


def test_the_least_certain_image_comes_first_and_equals_go_by_id():
    assert least_certain_first({"c": 0.2, "b": 0.7, "d": 0.7, "a": 0.2}) == ["b", "d", "a", "c"]


def test_a_batch_is_the_least_certain_images():
    assert choose_batch({"a": 0.1, "b": 0.3, "c": 0.2}, 2) == ["b", "c"]


def test_a_batch_larger_than_the_pool_is_the_pool():
    described = {"a": np.zeros(1), "b": np.ones(1)}
    assert choose_batch({"a": 0.1, "b": 0.3}, 5, descriptions=described) == ["b", "a"]


def test_a_diverse_batch_leaves_out_the_double_of_the_least_certain_image():
    scores = {"odd": 0.9, "double": 0.8, "other": 0.7}
    described = {"odd": np.array([0.0, 1.0]), "double": np.array([0.0, 1.1]), "other": np.array([5.0, 1.0])}
    assert choose_batch(scores, 2, descriptions=described) == ["odd", "other"]


def test_a_diverse_batch_is_taken_from_the_least_certain_candidates_only():
    scores = {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6, "far": 0.1}
    described = {name: np.array([place]) for name, place in zip(scores, [0.0, 1.0, 2.0, 3.0, 90.0])}
    assert choose_batch(scores, 2, descriptions=described, candidates=2) == ["a", "d"]


def test_each_image_is_taken_once_even_among_copies():
    described = {name: np.zeros(2) for name in "abcdef"}
    chosen = choose_batch({name: 0.5 for name in "abcdef"}, 3, descriptions=described)
    assert len(set(chosen)) == 3


def test_each_number_of_the_description_counts_alike_whatever_its_unit():
    # after "a" and "d" come 500 units of the first number or 0.003 of the second: more in units of its own spread
    scores = {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6}
    described = {"a": [0.0, 0.0], "b": [0.0, 0.003], "c": [500.0, 0.0], "d": [1000.0, 0.0]}
    described = {name: np.array(values) for name, values in described.items()}
    assert choose_batch(scores, 3, descriptions=described, candidates=2) == ["a", "d", "b"]


@pytest.mark.parametrize("wrong", [{"count": 0}, {"count": 1, "candidates": 0}])
def test_a_batch_of_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="at least 1, got"):
        choose_batch({"a": 0.1}, **wrong)
