# SPDX-License-Identifier: Apache-2.0
"""The fast learner of the simulated annotation (``benchmarks/active_learning_probe.py``)."""

from __future__ import annotations

import numpy as np
import pytest
import torch


@pytest.fixture(scope="module")
def probe(benchmark_module):
    return benchmark_module("active_learning_probe")


def learner(probe, masks):
    """Every pixel of every image has the one feature 1."""
    masks = np.asarray(masks, np.float32)
    return probe.Probe(np.ones((*masks.shape, 1), np.float32), masks)


def test_the_penalty_falls_with_the_root_of_the_masks(probe):
    # 576 pixels of lesion against a penalty of 2 x 576 with one mask, of half that with four
    whole = learner(probe, np.ones((4, 576)))
    assert whole.fit([0]) == pytest.approx([576 / (576 + 1152)])
    assert whole.fit([0, 1, 2, 3]) == pytest.approx([576 / (576 + 576)])


def test_the_jaccard_index_is_the_mean_over_the_images(probe):
    # all pixels are called lesion: of the first image 144 of 576 are, of the second all
    masks = np.zeros((2, 576))
    masks[0, :144], masks[1] = 1, 1
    assert learner(probe, masks).jaccard(np.array([1.0]), [0, 1]) == pytest.approx((0.25 + 1) / 2)


def test_doubt_is_one_less_the_dice_to_expect(probe):
    # all pixels lesion with 0.75: 2 x 0.75 / (1 + 0.75)
    assert learner(probe, np.zeros((1, 576))).doubt(np.array([0.75]), 0) == pytest.approx(1 - 1.5 / 1.75)


def test_the_design_ends_with_the_distance_from_the_middle_its_square_and_one(probe):
    features = torch.randn(2, 576, 8, generator=torch.Generator().manual_seed(0)).half()
    corner = probe.design(features, pool=[0, 1])[0, 0]
    assert corner.shape == (8 + 3,) and corner[-3:] == pytest.approx([3 * 2**0.5, 3 * 2, 1])


def test_without_a_mask_the_least_certain_strategy_buys_in_random_order(probe):
    assert probe.buy("least_certain", None, None, [], [5, 3, 8], 2) == [5, 3]
