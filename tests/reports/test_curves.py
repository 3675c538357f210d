# SPDX-License-Identifier: Apache-2.0
"""Curves of a history: which column goes where, gaps, length."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mt_transunet.reports.curves import _sorted_lines, curves, kind_of

ROWS = [
    {"iteration": "1", "learning_rate": "1e-3", "loss": "2.0", "mask": "1.0", "val_JA": ""},
    {"iteration": "2", "learning_rate": "5e-4", "loss": "1.0", "mask": "0.5", "val_JA": "0.7"},
]


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("seconds", "clock"),
        ("learning_rate_encoder", "learning rate"),
        ("val", "validation"),
        ("val_seborrheic_keratosis_AUC", "validation"),
        ("attended_region", "loss"),
    ],
)
def test_columns_are_told_apart_by_name(column, kind):
    assert kind_of(column) == kind


def test_empty_cells_leave_their_row_out_of_that_line_only():
    lines = _sorted_lines(ROWS)
    assert [line.tolist() for line in lines["validation"]["val_JA"]] == [[2], [0.7]]
    assert [line.tolist() for line in lines["loss"]["loss"]] == [[1, 2], [2, 1]]


def test_long_lines_are_averaged_in_blocks():
    rows = [{"iteration": i, "loss": i % 2} for i in range(4000)]
    position, values = _sorted_lines(rows)["loss"]["loss"]
    assert len(values) == 400 and np.allclose(values, 0.5)
    assert position[0] == 4.5  # mean of iterations 0 to 9


def test_rows_without_an_iteration_are_counted():
    assert _sorted_lines([{"loss": 3}, {"loss": 2}])["loss"]["loss"][0].tolist() == [1, 2]


def test_png_has_one_plot_for_each_kind_with_figures(tmp_path):
    both = Image.open(curves(ROWS, tmp_path / "all.png")).size
    one = Image.open(curves(ROWS, tmp_path / "one.png", kinds=["loss"])).size
    assert both[0] == pytest.approx(3 * one[0], abs=3) and both[1] == one[1]
    assert {path.name for path in tmp_path.iterdir()} == {"all.png", "one.png"}


def test_svg_is_written_when_its_suffix_asks_and_zero_losses_are_drawn(tmp_path):
    path = curves([{"loss": 0.0, "mask": -1.0}, {"loss": 1.0}], tmp_path / "curves.svg")
    assert path.read_text().lstrip().startswith("<?xml")


def test_a_history_without_a_number_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one number, got 1 rows"):
        curves([{"iteration": "1", "loss": ""}], tmp_path / "curves.png")
