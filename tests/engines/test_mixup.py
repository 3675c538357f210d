# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from mt_transunet.engines import PrepareMixedBatch


@pytest.fixture
def batch():
    """Eight images, each of one grey: its number."""
    numbers = torch.arange(8.0)
    return {
        "image": numbers[:, None, None, None].expand(8, 3, 2, 2),
        "label": numbers.long(),
        "image_id": list("abcdefgh"),
    }


def test_each_image_is_blended_with_the_one_whose_target_comes_along(batch):
    torch.manual_seed(3)
    image, targets = PrepareMixedBatch(alpha=1.0)(batch)
    share, other = targets["share"], targets["mixed_with"]["label"].float()
    expected = share * torch.arange(8.0) + (1 - share) * other
    assert 0 < share < 1 and sorted(other.tolist()) == list(range(8))
    assert torch.allclose(image[:, 0, 0, 0], expected, atol=1e-6)
    assert targets["label"].tolist() == list(range(8))


def test_without_alpha_nothing_is_drawn_or_mixed(batch):
    before = torch.get_rng_state()
    image, targets = PrepareMixedBatch(alpha=0.0)(batch)
    assert torch.equal(image, batch["image"]) and "mixed_with" not in targets
    assert torch.equal(torch.get_rng_state(), before)


def test_the_same_seed_mixes_the_same_way(batch):
    blends = []
    for _ in range(2):
        torch.manual_seed(11)
        blends.append(PrepareMixedBatch(alpha=0.4)(batch)[0])
    assert torch.equal(*blends)


def test_about_prob_of_the_batches_are_mixed(batch):
    torch.manual_seed(0)
    prepare = PrepareMixedBatch(alpha=1.0, prob=0.25)
    mixed = sum("mixed_with" in prepare(batch)[1] for _ in range(400))
    assert 70 <= mixed <= 130  # 100 expected, standard deviation 8.7


def test_shares_follow_the_beta_distribution(batch):
    # Beta(a, a) has variance 1 / (4 (2 a + 1)): 1/6.4 = 0.15625 for a = 0.3
    torch.manual_seed(0)
    prepare = PrepareMixedBatch(alpha=0.3)
    shares = torch.tensor([prepare(batch)[1]["share"] for _ in range(2000)])
    assert shares.mean() == pytest.approx(0.5, abs=0.03) and shares.var() == pytest.approx(0.15625, abs=0.01)


def test_a_batch_without_targets_stays_as_it_is(batch):
    image, targets = PrepareMixedBatch(alpha=1.0)({"image": batch["image"]})
    assert targets is None and torch.equal(image, batch["image"])


@pytest.mark.parametrize("settings", [{"alpha": -0.1}, {"alpha": 1.0, "prob": 1.5}])
def test_impossible_settings_are_named(settings):
    with pytest.raises(ValueError, match="mixup needs"):
        PrepareMixedBatch(**settings)
