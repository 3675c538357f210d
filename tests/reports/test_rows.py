# SPDX-License-Identifier: Apache-2.0
"""Reading CSV files that may be cut short."""

from __future__ import annotations

import pytest

from mt_transunet.reports.rows import number, read_rows, typed


def test_a_last_line_cut_short_has_empty_cells(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("a,b,c\n1,2,3\n4,5")
    assert read_rows(path) == [{"a": "1", "b": "2", "c": "3"}, {"a": "4", "b": "5", "c": ""}]


def test_cells_beyond_the_header_are_dropped(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("a\n1,2\n")
    assert read_rows(path) == [{"a": "1"}]


@pytest.mark.parametrize(
    ("cell", "value"), [("1.5", 1.5), (2, 2.0), ("", None), (None, None), ("nan", None), ("x", None)]
)
def test_number_reads_finite_numbers_only(cell, value):
    assert number(cell) == value


def test_typed_keeps_names_text_and_reads_figures():
    row = {"image_id": "0012", "group": "07", "label": "-1", "JA": "0.5", "SE": "nan", "status": "ok", "mask": ""}
    assert typed(row) == {
        "image_id": "0012",
        "group": "07",
        "label": -1,
        "JA": 0.5,
        "SE": None,
        "status": "ok",
        "mask": None,
    }
    assert type(typed(row)["label"]) is int


def test_typed_reads_true_and_false_but_not_as_names():
    row = {"melanoma_suspected": "True", "other": "False", "image": "True"}
    assert typed(row) == {"melanoma_suspected": True, "other": False, "image": "True"}
