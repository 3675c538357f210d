# SPDX-License-Identifier: Apache-2.0
"""Two rounds of two sites with MONAI's federated client, the server done by hand."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from mt_transunet.engines import learning_rate_factor

Weights = dict[str, Tensor]
ITERATIONS = 3  # an epoch of six images with masks, two in a batch
HEADS = ("mask_head.weight", "level_set_head.weight", "class_head.weight", "encoder.stem.conv.weight")


def mean(*sides: Weights) -> Weights:
    """What FedAvg makes of sites that weigh the same; counters are the first one's."""
    return {
        key: torch.stack([side[key] for side in sides]).mean(dim=0) if first.is_floating_point() else first.clone()
        for key, first in sides[0].items()
    }


@pytest.fixture(scope="module")
def rounds(client: Callable[..., Any], site: Callable[[int], Path], unrelated_folder: Path) -> SimpleNamespace:
    """What the first site and the server see: its two rounds, with the mean of both sites between them."""
    first, second = (
        client(f"site-{seed}", dataset_dir=str(folder), additional_dir=f"{folder}/additional", output_dir=f"{seed}")
        for seed, folder in ((0, site(0)), (1, site(1)))
    )
    seen = SimpleNamespace(client=first, data=site, initial=first.weights())
    first.train(seen.initial)
    second.train(seen.initial)
    seen.full, seen.difference, seen.other = first.weights(), first.weights(difference=True), second.weights()
    seen.mean = mean(seen.full, seen.other)
    first.train(seen.mean)
    seen.second_full, seen.second_difference = first.weights(), first.weights(difference=True)
    seen.trainer, seen.statistics = first.algo.trainer, first.algo.get_weights().statistics
    seen.history = unrelated_folder / "0" / "history.csv"
    yield seen
    first.algo.finalize()
    second.algo.finalize()


@pytest.mark.parametrize("name", HEADS)
def test_a_round_of_training_changes_the_weights_of_every_task(rounds: SimpleNamespace, name: str) -> None:
    assert not torch.equal(rounds.full[name], rounds.initial[name])


def test_the_difference_is_the_weights_after_the_round_minus_those_before(rounds: SimpleNamespace) -> None:
    assert rounds.difference.keys() == rounds.initial.keys()
    for key, difference in rounds.difference.items():
        assert torch.equal(difference, rounds.full[key] - rounds.initial[key]), key


def test_two_sites_give_different_weights(rounds: SimpleNamespace) -> None:
    assert not torch.equal(rounds.full["class_head.weight"], rounds.other["class_head.weight"])


def test_the_second_round_starts_from_the_mean_of_both_sites(rounds: SimpleNamespace) -> None:
    by_hand = 0.5 * rounds.full["class_head.weight"] + 0.5 * rounds.other["class_head.weight"]
    started = rounds.second_full["class_head.weight"] - rounds.second_difference["class_head.weight"]
    torch.testing.assert_close(started, by_hand)
    assert not torch.equal(rounds.second_full["class_head.weight"], rounds.mean["class_head.weight"])


def test_the_second_round_is_as_long_as_the_first(rounds: SimpleNamespace) -> None:
    assert rounds.statistics["num_executed_iterations"] == ITERATIONS
    assert (rounds.trainer.state.iteration, rounds.trainer.state.epoch) == (2 * ITERATIONS, 2)


def test_the_schedule_goes_over_all_rounds(rounds: SimpleNamespace) -> None:
    get = rounds.client.algo.train_workflow.parser.get_parsed_content
    total = 2 * ITERATIONS
    assert get("total_iterations") == total
    factor = learning_rate_factor("cosine", total=total, warmup=60)(total)
    assert get("optimizer").param_groups[-1]["lr"] == pytest.approx(6e-4 * factor)


def test_the_history_of_a_site_goes_on_from_round_to_round(rounds: SimpleNamespace) -> None:
    with open(rounds.history) as stream:
        rows = list(csv.DictReader(stream))
    assert [row["iteration"] for row in rows] == ["3", "6"]


def test_a_site_keeps_no_weights_of_its_own(rounds: SimpleNamespace) -> None:
    assert [path.name for path in rounds.history.parent.iterdir()] == ["history.csv"]


@pytest.mark.parametrize("lesion", [True, False])
def test_evaluation_measures_the_weights_it_is_given(rounds: SimpleNamespace, lesion: bool) -> None:
    """Weights that see lesion everywhere have the lesion's share of the image as Jaccard index, those without 0."""
    given = {**rounds.mean, "mask_head.weight": torch.zeros_like(rounds.mean["mask_head.weight"])}
    given["mask_head.bias"] = torch.tensor([-9.0, 9.0] if lesion else [9.0, -9.0])
    masks = rounds.data(0) / "ISIC-2017_Validation_Part1_GroundTruth"
    shares = [np.mean(np.asarray(Image.open(path)) > 0) for path in sorted(masks.iterdir())]
    figures = rounds.client.evaluate(given)
    assert len(shares) == 3
    assert figures["val_JA"] == pytest.approx(np.mean(shares) if lesion else 0.0)


def test_evaluation_leaves_the_weights_in_training_alone(rounds: SimpleNamespace) -> None:
    rounds.client.evaluate(rounds.initial)
    assert torch.equal(rounds.client.weights()["class_head.weight"], rounds.second_full["class_head.weight"])
