# SPDX-License-Identifier: Apache-2.0
"""The table of ``benchmarks/archive_numbers.py``."""

from __future__ import annotations

import pytest

from mt_transunet import CLASS_NAMES


@pytest.fixture(scope="module")
def archive_numbers(benchmark_module):
    return benchmark_module("archive_numbers")


def row(number: int, jaccard: float, label: int, chance: float) -> dict:
    """An image whose true class has the given chance, and the others equal ones."""
    chances = [chance if index == label else (1 - chance) / 2 for index in range(3)]
    masks = dict.fromkeys(("DI", "AC", "SE", "SP"), 0.5)
    return {"image_id": f"ISIC_{number:07}", "JA": jaccard, **masks, "label": label, **dict(zip(CLASS_NAMES, chances))}


def test_each_image_stands_on_its_side_of_the_number(archive_numbers):
    rows = [row(11999, 0.5, 0, 0.6), row(11000, 0.5, 1, 0.6), row(12000, 0.9, 0, 0.6), row(15000, 0.9, 2, 0.6)]
    lines = [line.split(" | ") for line in archive_numbers.table(rows, 12000).splitlines()[2:]]
    assert [line[1] for line in lines] == ["4", "2", "2"]
    assert [line[2][:5] for line in lines] == ["0.700", "0.500", "0.900"]


def test_a_diagnosis_that_one_side_lacks_has_no_figure_there(archive_numbers):
    rows = [row(1, 0.5, 0, 0.6), row(2, 0.4, 1, 0.6), row(13000, 0.9, 0, 0.6), row(15000, 0.8, 2, 0.6)]
    lines = [line.split(" | ") for line in archive_numbers.table(rows, 12000).splitlines()[3:]]
    assert [line[4][:5] for line in lines] == ["1.000", "not m"]  # melanoma AUC
    assert [line[5][:5] for line in lines] == ["not m", "1.000"]  # keratosis AUC


@pytest.mark.parametrize("image_id", ["IMD002", "ISIC_", "ISIC_12a"])
def test_images_of_another_archive_are_refused(archive_numbers, image_id):
    with pytest.raises(ValueError, match=f"'{image_id}' is no id of the ISIC archive"):
        archive_numbers.archive_number(image_id)
