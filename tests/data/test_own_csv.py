# SPDX-License-Identifier: Apache-2.0
"""Tables as spreadsheets and people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mt_transunet.data import DataError
from mt_transunet.data.own_csv import read_rows

WANTED = {"image": "id", "diagnosis": "dx"}
ROWS = [{"id": "a", "dx": "nv"}, {"id": "b", "dx": "mel"}]


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str) -> Path:
        (tmp_path / "table.csv").write_text(text)
        return tmp_path / "table.csv"

    return written


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_finds_the_columns(write, delimiter: str) -> None:
    assert read_rows(write(f"id{delimiter}dx\na{delimiter}nv\nb{delimiter}mel\n"), WANTED)[1] == ROWS


def test_a_column_with_many_commas_in_its_name_splits_nothing(write) -> None:
    assert read_rows(write("id;hair, rulers, gel, frame;dx\na;yes;nv\n"), WANTED)[1][0]["dx"] == "nv"


def test_the_line_that_excel_reads_first_is_no_header(write) -> None:
    assert read_rows(write("sep=;\nid;dx\na;nv\nb;mel\n"), WANTED) == (["id", "dx"], ROWS)


def test_empty_rows_and_empty_cells_behind_the_last_column_are_left_out(write) -> None:
    assert read_rows(write("id,dx\na,nv,,\n,,\n\nb,mel\n"), WANTED)[1] == ROWS


def test_a_row_that_ends_early_has_empty_cells(write) -> None:
    assert read_rows(write("id,dx\na\n"), WANTED)[1] == [{"id": "a", "dx": ""}]


@pytest.mark.parametrize("before, line", [("id,dx\na,nv\n", 3), ("sep=,\nid,dx\n", 3), ('id,dx\n"a\nb",nv\n', 4)])
def test_rows_with_more_cells_than_the_header_are_named_by_their_lines(write, before: str, line: int) -> None:
    path = write(f"{before}b,flat, brown,mel\n")
    with pytest.raises(DataError, match=f"more cells than the header's 2: {line}; put quotes"):
        read_rows(path, WANTED)


def test_a_cell_of_the_header_may_hold_a_line_break(write) -> None:
    assert read_rows(write('id,"hair\nrulers",dx\na,1,nv\n'), WANTED)[1][0]["dx"] == "nv"


def test_quotes_that_never_close_are_refused_by_their_line(write) -> None:
    path = write('id,dx\na,"' + "x" * 200_000)  # csv takes 131,072 characters in a cell
    with pytest.raises(DataError, match="line 2 is no CSV .*close its quotes"):
        read_rows(path, WANTED)


def test_a_named_column_that_stands_there_twice_is_refused(write) -> None:
    with pytest.raises(DataError, match="2 columns are called dx; rename or remove all but one"):
        read_rows(write("id,dx,dx\na,nv,\n"), WANTED)


def test_a_column_of_no_use_may_stand_there_twice(write) -> None:
    assert read_rows(write("id,dx,age,age\na,nv,3,4\n"), WANTED)[1][0]["dx"] == "nv"
