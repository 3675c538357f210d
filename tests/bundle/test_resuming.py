# SPDX-License-Identifier: Apache-2.0
"""A run that is killed or stopped, and started again, ends as if it had been left alone."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import ConfigWorkflow

from mt_transunet.inferers import resolve_precision

# six labelled images, two in a batch: three iterations an epoch, of which the third is cut after one; a checkpoint
# within the first two epochs after iterations 2 and 4
WORDS = "--image_size 32 --labelled_batch 2 --unlabelled_batch 1 --pretrained False --num_workers 2".split()
WORDS += "--max_iterations 7 --save_interval 2 --warmup_iterations 1".split()
WORDS += "--colour_strength 2 --erase 0.5 --mixup 0.4".split()  # everything that draws at random


MACHINE = ("seconds", "images_per_second", "peak_memory_gib")
"""Columns of history.csv that the machine decides."""


class Interrupted:
    """Start the same command again and again, and kill it where a test says."""

    def __init__(self, words: list[str], environment: dict[str, str], output: Path, log: Path) -> None:
        self.command = [sys.executable, "-m", "monai.bundle", "run", "training", *words, "--output_dir", str(output)]
        self.environment, self.output, self.log = environment, output, log

    def start(self) -> subprocess.Popen:
        with open(self.log, "ab") as stream:
            return subprocess.Popen(
                self.command, env=self.environment, stdout=stream, stderr=stream, start_new_session=True
            )

    def kill_when(self, happened: Callable[[Path], bool]) -> None:
        """SIGKILL the command as soon as ``happened`` (the workers die with it, as when memory runs out)."""
        process = self.start()
        deadline = time.monotonic() + 180
        while not happened(self.output):
            assert process.poll() is None, f"ended too early: {self.log.read_text()[-2000:]}"
            assert time.monotonic() < deadline, self.log.read_text()[-2000:]
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL

    def finish(self) -> None:
        assert self.start().wait(timeout=240) == 0, self.log.read_text()[-3000:]


def rows(run: Path) -> list[dict[str, str]]:
    with open(run / "history.csv") as stream:
        kept = [dict(row) for row in csv.DictReader(stream)]
    return [{key: v for key, v in row.items() if key not in MACHINE} for row in kept]


def difference(left: Any, right: Any, path: str = "") -> Iterator[str]:
    """Where two nested states differ in any bit."""
    if isinstance(left, torch.Tensor):
        if left.dtype != right.dtype or not torch.equal(left, right):
            yield path
    elif isinstance(left, dict):
        if left.keys() != right.keys():
            yield path
        for key in left.keys() & right.keys():
            yield from difference(left[key], right[key], f"{path}/{key}")
    elif isinstance(left, (list, tuple)):
        if len(left) != len(right):
            yield path
        for index, (one, other) in enumerate(zip(left, right)):
            yield from difference(one, other, f"{path}/{index}")
    elif left != right:
        yield path


@pytest.fixture(scope="module")
def words(configs: Path, synthetic: Path) -> list[str]:
    data = ["--dataset_dir", str(synthetic), "--additional_dir", str(synthetic / "additional")]
    return ["--config_file", str(configs / "train.json"), *data, *WORDS]


@pytest.fixture(scope="module")
def alone_and_killed(
    words: list[str], environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """A run left alone, and one killed within its first epoch and again between validation and checkpoint."""
    folder = tmp_path_factory.mktemp("resuming")
    alone = Interrupted(words, environment, folder / "alone", folder / "alone.log")
    killed = Interrupted(words, environment, folder / "killed", folder / "killed.log")
    undisturbed = alone.start()

    # the first checkpoint holds iteration 2 of the 3 of the first epoch
    killed.kill_when(lambda run: (run / "checkpoint.pt").exists())
    first = torch.load(killed.output / "checkpoint.pt", weights_only=True)["iteration"]
    assert first == 2 and not (killed.output / "history.csv").exists()
    # weights are written by validation, before the history and the checkpoint of that epoch
    killed.kill_when(lambda run: (run / "model.pt").exists())
    killed.finish()
    assert undisturbed.wait(timeout=240) == 0, alone.log.read_text()[-3000:]
    return alone.output, killed.output


def test_the_weights_are_the_same_bit_for_bit(alone_and_killed: tuple[Path, Path]) -> None:
    alone, killed = (torch.load(run / "model.pt", weights_only=True) for run in alone_and_killed)
    assert list(difference(alone, killed)) == []


@pytest.mark.parametrize("part", ["network", "averaging", "optimizer", "lr_scheduler", "early_stop"])
def test_the_state_to_go_on_from_is_the_same_bit_for_bit(alone_and_killed: tuple[Path, Path], part: str) -> None:
    alone, killed = (torch.load(run / "checkpoint.pt", weights_only=True) for run in alone_and_killed)
    assert (alone["iteration"], killed["iteration"]) == (7, 7)
    assert list(difference(alone["objects"][part], killed["objects"][part])) == []


def test_the_best_figure_so_far_is_the_same(alone_and_killed: tuple[Path, Path]) -> None:
    alone, killed = (torch.load(run / "checkpoint.pt", weights_only=True)["best"] for run in alone_and_killed)
    assert alone == killed


def test_history_and_validation_are_the_same_without_repeats(alone_and_killed: tuple[Path, Path]) -> None:
    alone, killed = (rows(run) for run in alone_and_killed)
    assert [row["iteration"] for row in alone] == ["3", "6", "7"]
    assert alone == killed


def test_neither_workers_nor_the_command_line_change_a_weight(
    alone_and_killed: tuple[Path, Path], finished: Callable[..., ConfigWorkflow], synthetic: Path, tmp_path: Path
) -> None:
    told = {"max_iterations": 7, "save_interval": 2, "warmup_iterations": 1, "num_workers": 0}
    told |= {"colour_strength": 2, "erase": 0.5, "mixup": 0.4}
    finished("training", dataset_dir=synthetic, additional_dir=synthetic / "additional", output_dir=tmp_path, **told)
    alone, here = (torch.load(run / "model.pt", weights_only=True) for run in (alone_and_killed[0], tmp_path))
    assert list(difference(alone, here)) == []


def test_a_longer_run_goes_on_from_a_shorter_one_though_its_warm_up_is_longer(
    finished: Callable[..., ConfigWorkflow], synthetic: Path, tmp_path: Path
) -> None:
    for iterations in (10, 20):  # the warm-up is a tenth of them
        finished("training", dataset_dir=synthetic, output_dir=tmp_path, max_iterations=iterations, num_workers=0)
        assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["iteration"] == iterations
    precision = resolve_precision("auto", "cuda" if torch.cuda.is_available() else "cpu")
    assert json.loads((tmp_path / "config.json").read_text())["precisions"] == [precision]


@pytest.fixture(scope="module")
def stopped(
    commands: Callable[..., list[Any]], words: list[str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Any]]:
    """A run that had less time than an iteration takes three times, an epoch together, and then as much as it takes."""
    folder = tmp_path_factory.mktemp("stopped")
    told = ["run", "training", *words, "--num_workers", "0", "--save_interval", "100", "--output_dir", "run"]
    return folder / "run", commands([[*told, "--max_minutes", "1e-9"]] * 3 + [told], folder)


def test_a_run_stopped_by_its_time_budget_ends_bit_for_bit_like_one_left_alone(
    alone_and_killed: tuple[Path, Path], stopped: tuple[Path, list[Any]]
) -> None:
    runs = alone_and_killed[0], stopped[0]
    weights = [torch.load(run / "model.pt", weights_only=True) for run in runs]
    states = [torch.load(run / "checkpoint.pt", weights_only=True) for run in runs]
    for state in states:
        del state["objects"]["history"], state["objects"]["generators"]  # of the clock; of the number of workers
    assert list(difference(*weights)) == list(difference(*states)) == []
    assert rows(runs[0]) == rows(runs[1])


def test_a_stop_by_the_time_budget_is_no_failure_and_says_how_to_go_on(stopped: tuple[Path, list[Any]]) -> None:
    outcomes = stopped[1]
    assert [outcome.code for outcome in outcomes] == [0] * 4
    told = r"stopped after \d+\.\d minutes at iteration (\d) of 7; give the same command again to go on"
    assert [re.findall(told, outcome.out + outcome.err) for outcome in outcomes] == [["1"], ["2"], ["3"], []]
