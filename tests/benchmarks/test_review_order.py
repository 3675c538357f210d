# SPDX-License-Identifier: Apache-2.0
"""The figures that the comparison of orders of correction (``benchmarks/review_order.py``) reports."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def order(benchmark_module):
    return benchmark_module("review_order")


def test_a_corrected_mask_counts_with_a_jaccard_index_of_one(order):
    assert order.curve(np.array([0.2, 0.6, 1.0])) == pytest.approx([0.6, 2.6 / 3, 1.0, 1.0])


def test_corrections_are_counted_until_the_dataset_is_good_enough(order):
    # 0.8 is (1 + 0.6 + 0.8) / 3: reached by the first correction of the worst, by the second in this other order
    assert order.corrections_needed(np.array([0.2, 0.6, 0.8]), 0.8) == 1
    assert order.corrections_needed(np.array([0.8, 0.2, 0.6]), 0.8) == 2


def test_a_dataset_that_is_good_enough_needs_none(order):
    assert order.corrections_needed(np.array([0.9, 0.9]), 0.9) == 0


def test_random_order_needs_its_share_of_all(order):
    # ten masks of 0 and a wish of 0.9: nine, in whatever order
    names = [str(place) for place in range(10)]
    zeros = dict.fromkeys(names, 0.0)
    assert order.compare(names, zeros, zeros)["corrections"][0.9]["random"] == {"mean": 9.0, "low": 9.0, "high": 9.0}


def test_doubt_that_knows_the_errors_finds_them_first(order):
    names = [f"{place:02}" for place in range(20)]
    jaccard = {name: 0.0 if name in ("07", "13") else 1.0 for name in names}
    result = order.compare(names, jaccard, {name: 1 - jaccard[name] for name in names})
    assert result["failed"] == 2 and result["found"] == {0.1: 2, 0.3: 2}
    assert result["corrections"][0.95]["least_certain"] == 1 == result["corrections"][0.95]["worst_first"]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("image_id,JA\na,0.5\n", "agreement and expected in every row that has JA: 'agreement'"),
        ("image_id,JA,agreement,expected\na,0.5,,0.9\n", "could not convert string to float"),
        ("image_id,JA,agreement,expected\na,,0.9,0.9\n", "holds no image with a mask"),
    ],
)
def test_a_table_that_lacks_what_is_needed_is_refused(order, tmp_path, table, problem):
    (tmp_path / "per_image.csv").write_text(table)
    with pytest.raises(SystemExit, match=problem):
        order.read(tmp_path / "per_image.csv")


def test_doubt_is_one_less_the_mean_of_the_two_figures_and_images_without_a_mask_are_left_out(order, tmp_path):
    (tmp_path / "per_image.csv").write_text(
        "image_id,JA,agreement,expected\na,0.5,0.7,0.9\nb,,0.5,0.5\nc,nan,0.5,0.5\n"
    )
    names, jaccard, doubt = order.read(tmp_path / "per_image.csv")
    assert (names, jaccard, doubt) == (["a"], {"a": 0.5}, {"a": pytest.approx(0.2)})
