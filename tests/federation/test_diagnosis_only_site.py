# SPDX-License-Identifier: Apache-2.0
"""A site that has diagnoses and no masks."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch


@pytest.fixture(scope="module")
def trained(client: Callable[..., Any], diagnoses_only: Path, unrelated_folder: Path) -> SimpleNamespace:
    """One round on six such images."""
    site = client("clinic", dataset_dir=str(diagnoses_only), output_dir="clinic")
    before = site.weights()
    site.train(before)
    with open(unrelated_folder / "clinic" / "history.csv") as stream:
        (row,) = csv.DictReader(stream)
    yield SimpleNamespace(site=site, before=before, after=site.weights(), row=row)
    site.algo.finalize()


def test_its_images_are_the_first_stream(trained: SimpleNamespace) -> None:
    get = trained.site.algo.train_workflow.parser.get_parsed_content
    assert (get("train#sampler").labelled, get("train#sampler").unlabelled) == (6, 0)
    assert get("train#sampler").labelled_batch == 3  # both streams' places


def test_the_losses_that_need_a_mask_are_zero(trained: SimpleNamespace) -> None:
    assert [float(trained.row[part]) for part in ("mask", "dice", "level_set")] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("part", ["class", "dual_task", "attended_region"])
def test_the_losses_that_need_none_are_trained(trained: SimpleNamespace, part: str) -> None:
    value = float(trained.row[part])
    assert math.isfinite(value) and value > 0


def test_every_parameter_has_a_finite_gradient(trained: SimpleNamespace) -> None:
    for name, parameter in trained.site.algo.trainer.network.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name


def test_the_class_head_learns_and_all_weights_stay_finite(trained: SimpleNamespace) -> None:
    assert not torch.equal(trained.before["class_head.weight"], trained.after["class_head.weight"])
    assert all(torch.isfinite(value).all() for value in trained.after.values())


def test_it_is_evaluated_by_diagnoses_alone(trained: SimpleNamespace) -> None:
    assert "val_JA" not in trained.site.evaluate(trained.after)
