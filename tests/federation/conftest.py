# SPDX-License-Identifier: Apache-2.0
"""Clients of a federation at a tiny size, in a folder that is not the bundle's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.fl.client import MonaiAlgo
from monai.fl.utils.constants import ExtraItems
from monai.fl.utils.exchange_object import ExchangeObject
from torch import Tensor

from mt_transunet.data import load_datalist, write_synthetic_dataset

BUNDLE = Path(__file__).resolve().parents[2] / "bundle"
CONFIGS = ["configs/train.json", "configs/federated.json"]
TINY = {"image_size": 32, "labelled_batch": 2, "unlabelled_batch": 1, "pretrained": False, "num_workers": 0}
TINY["warmup_iterations"] = 60  # longer than all rounds: the rate tells at which iteration the schedule stands
ROUNDS = 2

Weights = dict[str, Tensor]


class Client:
    """MONAI's client with weights as plain copies: its own, on a CPU, are the network's tensors themselves."""

    def __init__(self, name: str, **overrides: Any) -> None:
        settings = {**TINY, "rounds": ROUNDS, **overrides}
        self.algo = MonaiAlgo(
            str(BUNDLE),
            config_train_filename=CONFIGS,
            train_kwargs=dict(settings),
            config_evaluate_filename=CONFIGS,
            eval_kwargs=dict(settings),
        )
        self.algo.initialize({ExtraItems.CLIENT_NAME: name})

    def weights(self, *, difference: bool = False) -> Weights:
        self.algo.send_weight_diff = difference
        return {key: tensor.clone() for key, tensor in self.algo.get_weights().weights.items()}

    def train(self, weights: Mapping[str, Tensor]) -> None:
        self.algo.train(ExchangeObject(weights=dict(weights)))

    def evaluate(self, weights: Mapping[str, Tensor]) -> dict[str, float]:
        return dict(self.algo.evaluate(ExchangeObject(weights=dict(weights))).metrics)


@pytest.fixture(scope="module", autouse=True)
def unrelated_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where these tests run, on one thread: networks this small are slower on several."""
    folder, threads = tmp_path_factory.mktemp("unrelated"), torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder
    torch.set_num_threads(threads)


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """``site(seed)``: six training, three validation and three additional images, other ones for every seed."""

    def draw(seed: int) -> Path:
        folder = tmp_path_factory.mktemp("sites") / f"site-{seed}"
        return write_synthetic_dataset(folder, training=6, validation=3, test=0, additional=3, seed=seed)

    return draw


@pytest.fixture(scope="package")
def diagnoses_only(site: Callable[[int], Path]) -> Path:
    """A site whose images have diagnoses and no masks, in training and in validation."""
    lists = load_datalist(site(9))
    bare = {
        split: [{key: value for key, value in item.items() if key != "mask"} for item in lists[split]]
        for split in ("training", "validation")
    }
    path = site(10) / "datalist.json"
    path.write_text(json.dumps(bare))
    return path


@pytest.fixture(scope="package")
def client() -> Callable[..., Client]:
    """``client(name, dataset_dir=..., ...)``: initialized."""
    return Client
