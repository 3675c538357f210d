# SPDX-License-Identifier: Apache-2.0
"""Training and evaluation by two processes on the CPU, which talk by gloo as GPUs do by NCCL."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mt_transunet.data import write_synthetic_dataset
from mt_transunet.networks import shipped_weights

FROZEN = """
from torch import nn

def frozen(network):
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval().train = lambda mode=True, module=module: module
    return network
"""
# Plain gradient descent, for Adam makes a rounding error as large as a step; from trained weights, for with statistics
# frozen at random ones the first rounding error grows by hundreds every few steps. A batch's statistics are its own.
COMPARABLE = {
    "+imports": ["$import frozen_statistics"],
    "initial_network": "$frozen_statistics.frozen(networks.load_weights(@network_def, @initial_weights))",
    "optimizer": {"_target_": "torch.optim.SGD", "params": "@parameter_groups", "lr": 0.002},
    "parameter_groups#lr_values": [0.002],
}
ITERATIONS = 20


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    (folder / "frozen_statistics.py").write_text(FROZEN)
    (folder / "comparable.json").write_text(json.dumps(COMPARABLE))
    write_synthetic_dataset(folder / "data", training=12, validation=3, test=3, additional=6)
    return folder


@pytest.fixture(scope="module")
def launch(work: Path, configs: Path, environment: dict[str, str]) -> Callable[..., None]:
    """Run a command of the bundle with some config files in one process, or in two."""

    def run(run_id: str, files: list[str], processes: int, *words: str) -> None:
        paths = [str(work / name if name == "comparable.json" else configs / name) for name in files]
        start = [sys.executable, "-m"]
        if processes > 1:
            start += ["torch.distributed.run", "--standalone", "--nproc_per_node", str(processes), "-m"]
        command = [*start, "monai.bundle", "run", run_id, "--config_file", str(paths), "--num_workers", "0"]
        command += ["--dataset_dir", str(work / "data"), "--image_size", "32", *words]
        known = {**environment, "PYTHONPATH": str(work)}
        done = subprocess.run(command, cwd=work, env=known, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.fixture(scope="module")
def train(work: Path, launch: Callable[..., None]) -> Callable[..., Path]:
    """Train by one process or by two, with the same images in each step, into a folder of this name."""

    def run(name: str, processes: int, *more: str) -> Path:
        files = ["train.json", *(["multi_gpu_train.json"] if processes > 1 else []), "comparable.json"]
        words = ["--labelled_batch", str(4 // processes), "--unlabelled_batch", str(2 // processes)]
        words += ["--additional_dir", str(work / "data" / "additional"), "--max_iterations", str(ITERATIONS)]
        words += [
            "--initial_weights",
            str(shipped_weights("lite")),
            "--average_decay",
            "None",
            "--keep",
            "last",  # the best of a short run may be what it started from, which says nothing of the steps
            "--precision",
            "fp32",
            "--val_interval",
            "100",
        ]
        launch(
            "training", files, processes, *words, "--warmup_iterations", "0", "--output_dir", str(work / name), *more
        )
        return work / name

    return run


@pytest.fixture(scope="module")
def trained(train: Callable[..., Path]) -> dict[int, Path]:
    """Number of processes -> folder of their run."""
    return {processes: train(f"by{processes}", processes) for processes in (1, 2)}


@pytest.mark.slow
def test_two_processes_train_the_network_that_one_trains_on_the_same_global_batches(trained):
    one, two = (torch.load(trained[count] / "model.pt", weights_only=True) for count in (1, 2))
    assert one.keys() == two.keys()
    apart = max(float((one[name].double() - two[name].double()).abs().max()) for name in one)
    assert apart <= 1e-5


@pytest.mark.slow
def test_one_process_writes_for_both(trained):
    one, two = (list(csv.DictReader(open(trained[count] / "history.csv"))) for count in (1, 2))
    assert [row["iteration"] for row in two] == [row["iteration"] for row in one] and two[-1]["iteration"] == "20"
    assert float(two[-2]["loss"]) < float(two[0]["loss"]) - 0.1  # so that there was something to be equal in
    assert float(two[-1]["val_JA"]) == pytest.approx(float(one[-1]["val_JA"]), abs=1e-3)


@pytest.mark.slow
def test_two_processes_train_a_single_task(train):
    folder = train("single", 2, "--loss_weights", "{'mask': 1.0}")
    with open(folder / "history.csv") as stream:
        last = list(csv.DictReader(stream))[-1]
    assert int(last["iteration"]) == ITERATIONS and float(last["loss"]) == float(last["mask"])


@pytest.mark.slow
def test_two_processes_evaluate_to_the_figures_of_one(work, trained, launch):
    for processes in (1, 2):
        files = ["train.json", "evaluate.json", *(["multi_gpu_evaluate.json"] if processes > 1 else [])]
        words = ["--weights", str(trained[1]), "--views", "none", "--resamples", "50", "--split", "test"]
        launch("evaluating", files, processes, *words, "--output_dir", str(work / f"measured{processes}"))
    one, two = (json.loads((work / f"measured{count}" / "metrics.json").read_text()) for count in (1, 2))
    assert two == one and one["segmentation"]["n"] == 3  # the third image: dealt to the first process, and padded
    assert (work / "measured1/per_image.csv").read_bytes() == (work / "measured2/per_image.csv").read_bytes()


@pytest.mark.slow
def test_two_processes_pause_together_and_go_on_bit_for_bit(trained, train):
    folder = train("paused", 2, "--max_minutes", "0.0001")
    assert torch.load(folder / "checkpoint.pt", weights_only=True)["iteration"] == 1
    assert not (folder / "model.pt").exists()
    train("paused", 2)
    whole, paused = (torch.load(run / "model.pt", weights_only=True) for run in (trained[2], folder))
    assert all(torch.equal(whole[name], paused[name]) for name in whole)
