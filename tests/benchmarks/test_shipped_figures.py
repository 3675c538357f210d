# SPDX-License-Identifier: Apache-2.0
"""``make figures``."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from mt_transunet.networks import read_provenance, shipped_weights

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def figures(benchmark_module):
    return benchmark_module("shipped_figures")


@pytest.fixture
def record():
    return copy.deepcopy(read_provenance(shipped_weights("lite")))


def test_the_documents_of_the_repository_are_up_to_date(figures, record):
    for path, text in figures.documents(record, ROOT).items():
        assert text == path.read_text(encoding="utf-8")


def test_another_record_s_figures_take_their_place_in_all_three(figures, record):
    before = figures.documents(record, ROOT)
    record["validation"]["paper"]["segmentation"]["JA"] = {"value": 0.8125, "low": 0.75, "high": 0.875}
    after = figures.documents(record, ROOT)
    for path, shown in zip(after, ("0.812 [0.750, 0.875]", "0.812 [0.750, 0.875]", '_mean_jaccard": 0.812')):
        assert shown in after[path] and shown not in before[path]
        changed = [pair for pair in zip(before[path].splitlines(), after[path].splitlines()) if len(set(pair)) == 2]
        assert len(changed) == 1 and len(before[path].splitlines()) == len(after[path].splitlines())
