# SPDX-License-Identifier: Apache-2.0
"""The trainings with parts taken away (``benchmarks/consistency.py``) and what is reported of them."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace

import pytest

from mt_transunet.data import fold_of, synthetic_dataset


@pytest.fixture(scope="module")
def report(benchmark_module):
    return benchmark_module("consistency_report")


@pytest.fixture(scope="module")
def benchmark(benchmark_module):
    return benchmark_module("consistency")


def figures(*jaccards: float) -> dict[int, dict[str, float]]:
    return {seed: {"JA": value, "mean_AUC": 0.5} for seed, value in enumerate(jaccards, start=1)}


def test_a_gain_is_the_mean_of_paired_differences_with_its_standard_error(report):
    # differences 0.1, 0.2, 0.3: mean 0.2, deviation 0.1, and 0.1 / sqrt(3)
    found = report.gain(figures(0.6, 0.9, 0.8), figures(0.5, 0.7, 0.5), "JA")
    assert found == {"n": 3, "mean": pytest.approx(0.2), "standard_error": pytest.approx(0.1 / 3**0.5)}


def test_seeds_that_only_one_arm_has_do_not_enter_the_gain(report):
    found = report.gain({1: {"JA": 0.9}, 2: {"JA": 0.7}}, {2: {"JA": 0.6}, 3: {"JA": 0.1}}, "JA")
    assert (found["n"], found["mean"], found["standard_error"]) == (1, pytest.approx(0.1), None)


def test_arms_that_were_not_trained_are_printed_as_missing_gains(report):
    assert report.table(report.summarise({"both": figures(0.7)})).splitlines()[1].split() == (
        ["both", "0.7000", "-", "-", "0.5000", "-", "-", "1"]
    )


@pytest.mark.parametrize(
    "arm, consistency",
    [
        ("masks", set()),
        ("diagnoses", set()),
        ("dual_task", {"dual_task"}),
        ("attended_region", {"attended_region"}),
        ("both", {"dual_task", "attended_region"}),
    ],
)
def test_an_arm_keeps_its_own_consistency_losses_and_all_supervised_ones(benchmark, arm, consistency):
    assert set(benchmark.loss_weights(arm)) == {"mask", "dice", "class", "level_set"} | consistency


def test_no_held_out_image_is_trained_on_and_as_many_masks_are_kept_as_asked_for(benchmark, tmp_path):
    root = synthetic_dataset(tmp_path)
    trained, measured = benchmark.images(Namespace(dataset_dir=root, masks=3), seed=1)
    assert sum("mask" in item for item in trained) == 3 and len(trained) > 3
    assert all(fold_of(item["image_id"], 5) != 0 for item in trained)
    assert not {item["image_id"] for item in trained} & {item["image_id"] for item in measured}


def test_an_unknown_arm_is_refused_with_those_there_are(benchmark, benchmark_module):
    with pytest.raises(ArgumentTypeError, match="unknown dtc; there are masks, diagnoses, dual_task"):
        benchmark_module("choices").names_among(benchmark.ARMS)("both,dtc")
