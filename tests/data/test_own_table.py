# SPDX-License-Identifier: Apache-2.0
"""Diagnoses from a table that calls things by its own names."""

from __future__ import annotations

from pathlib import Path

import pytest

from mt_transunet.data import DataError, OwnTable
from mt_transunet.data.errors import Problems
from mt_transunet.data.own_table import read_own_table

IMAGES = {name: Path(f"{name}.jpg") for name in "abc"}


@pytest.fixture
def table(tmp_path: Path):
    def write(*lines: str, **columns: object) -> OwnTable:
        path = tmp_path / "table.csv"
        path.write_text("\n".join(lines) + "\n")
        return OwnTable(path, **columns)

    return write


def test_names_of_the_tables_own_become_the_three_classes(table) -> None:
    own = table(
        "lesion, picture, dx", "L1, a, NV", "L1, b.jpg, mel", "L2, c, bkl",
        image="picture", diagnosis="dx", names=("nv", "mel", "bkl"), group="lesion",
    )  # fmt: skip
    labels, groups = read_own_table(own, IMAGES, Problems())
    assert labels == {Path("a.jpg"): 0, Path("b.jpg"): 1, Path("c.jpg"): 2}
    assert groups == {Path("a.jpg"): "L1", Path("b.jpg"): "L1", Path("c.jpg"): "L2"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(("begin", "end"), [("", "\n"), ("\ufeff", "\r\n")], ids=["plain", "as a spreadsheet"])
def test_tables_of_spreadsheets_are_read(tmp_path: Path, delimiter: str, begin: str, end: str) -> None:
    rows = (("image_id", "age", "diagnosis"), ("a", "50", "melanoma"), ('"b"', "", "Nevus"))
    text = begin + "".join(delimiter.join(row) + end for row in rows)
    (tmp_path / "table.csv").write_bytes(text.encode())
    labels, _ = read_own_table(OwnTable(tmp_path / "table.csv"), {name: IMAGES[name] for name in "ab"}, Problems())
    assert labels == {Path("a.jpg"): 1, Path("b.jpg"): 0}


def test_the_challenges_two_columns_are_read_where_there_is_no_diagnosis(table) -> None:
    own = table("image_id,melanoma,seborrheic_keratosis", "a,0,0", "b,1,0", "c,0,1")
    assert read_own_table(own, IMAGES, Problems())[0] == {Path("a.jpg"): 0, Path("b.jpg"): 1, Path("c.jpg"): 2}


def test_the_challenges_columns_may_have_another_column_of_images_and_other_delimiters(table) -> None:
    own = table("picture;melanoma;seborrheic_keratosis", "a;0;0", "b;1;0", "c;0;1", image="picture")
    assert read_own_table(own, IMAGES, Problems())[0] == {Path("a.jpg"): 0, Path("b.jpg"): 1, Path("c.jpg"): 2}


def test_a_table_of_groups_alone_gives_groups(table) -> None:
    problems = Problems(strict=False)
    own = table("image_id,patient", "a,P1", "b,", "c,P1", group="patient")
    assert read_own_table(own, IMAGES, problems) == ({}, {Path("a.jpg"): "P1", Path("c.jpg"): "P1"})
    assert [problem.names for problem in problems.noted] == [(), ("b.jpg",)]


@pytest.mark.parametrize("cell", ["", "NA", "n/a", "NaN", "Unknown"])
def test_an_unknown_patient_is_no_group(table, cell: str) -> None:
    own = table("image_id,patient,diagnosis", f"a,{cell},nevus", f"b,{cell},nevus", "c,P1,nevus", group="patient")
    assert read_own_table(own, IMAGES, Problems())[1] == {Path("c.jpg"): "P1"}


def test_images_of_one_name_have_rows_by_their_folders(table) -> None:
    images = {"P1/x": Path("P1/x.jpg"), "P2/x": Path("P2/x.jpg"), "y": Path("P2/y.jpg")}
    own = table("image_id,diagnosis", "P1/x,nevus", "P2/x.jpg,melanoma", "x,seborrheic_keratosis", "y,nevus")
    assert list(read_own_table(own, images, Problems())[0].values()) == [0, 1, 0]


def test_a_class_may_have_several_names(table) -> None:
    own = table(
        "image_id,diagnosis", "a,Nevus", "b,Melanoma in situ", "c,melanoma invasive",
        names=("nevus", "melanoma in situ | Melanoma Invasive", "seborrheic keratosis"),
    )  # fmt: skip
    assert read_own_table(own, IMAGES, Problems())[0] == {Path("a.jpg"): 0, Path("b.jpg"): 1, Path("c.jpg"): 1}


@pytest.mark.parametrize(
    "names", [("nv", "mel", "MEL"), ("nv", "mel"), ("nv|mel", "mel", "bkl"), ("nv", "mel|mel", "bkl")]
)
def test_names_must_be_three_different_ones(names) -> None:
    with pytest.raises(DataError, match="three different"):
        OwnTable(Path("table.csv"), names=names)


def test_a_table_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes("image_id,patient\na,M\xfcller\n".encode("latin-1"))
    with pytest.raises(DataError, match="not in UTF-8"):
        read_own_table(OwnTable(tmp_path / "table.csv", group="patient"), IMAGES, Problems())


def test_another_diagnosis_and_an_empty_cell_leave_the_class_unknown(table) -> None:
    problems = Problems(strict=False)
    own = table("image_id,diagnosis", "a,nevus", "b,carcinoma", "c,")
    assert read_own_table(own, IMAGES, problems)[0] == {Path("a.jpg"): 0}
    assert [(problem.text.split()[0], problem.names) for problem in problems.noted] == [("1", ("carcinoma 1",))]


def test_images_without_a_row_are_noted_and_rows_without_an_image_are_not(table) -> None:
    problems = Problems(strict=False)
    own = table("image_id,diagnosis", "a,nevus", "elsewhere,melanoma")
    assert read_own_table(own, IMAGES, problems)[0] == {Path("a.jpg"): 0}
    assert [problem.names for problem in problems.noted] == [("b", "c")]


@pytest.mark.parametrize(
    ("lines", "columns", "words"),
    [
        (["id,diagnosis", "a,nevus"], {}, "no column image_id .found: id, diagnosis.; give --image_column"),
        (["image_id,dx", "a,nevus"], {}, "no column diagnosis .found: image_id, dx.; give --diagnosis_column"),
        (["image_id,diagnosis", "a,nevus"], {"group": "patient"}, "no column patient .*; give --group_column"),
        (["image_id,diagnosis", "a,nevus", "a,melanoma"], {}, ": a stand in several rows"),
        (
            ["image_id,diagnosis", "x,nevus"],
            {},
            r"column image_id \(x\) names none of the images \(a, b, c\)",
        ),
        (["image_id,diagnosis", "a,nv", "b,mel"], {}, "diagnosis holds nv, mel, and none of nevus, .*--names"),
        ([""], {}, "found: none"),
        (["image_id,melanoma,seborrheic_keratosis", "a,0,0"], {"diagnosis": "dx"}, "no column dx"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused_with_the_option_that_helps(table, lines, columns, words) -> None:
    with pytest.raises(DataError, match=words):
        read_own_table(table(*lines, **columns), IMAGES, Problems())


@pytest.mark.parametrize("name", ["photos/a.jpg", r"C:\data\photos\a.jpg", "/home/x/a"])
def test_folders_before_a_name_are_passed_over(table, name: str) -> None:
    assert read_own_table(table("image_id,diagnosis", f"{name},nevus"), IMAGES, Problems())[0] == {Path("a.jpg"): 0}


def test_the_folder_of_another_image_is_no_folder_of_this_one(table) -> None:
    images = {
        "P1/IMG_1": Path("im/P1/IMG_1.jpg"),
        "P2/IMG_1": Path("im/P2/IMG_1.jpg"),
        "IMG_2": Path("im/P1/IMG_2.jpg"),
    }
    rows = ["P1/IMG_1,nevus", "P2/IMG_1,nevus", "P2/IMG_2,melanoma"]
    labels, _ = read_own_table(table("image_id,diagnosis", *rows), images, Problems(strict=False))
    assert Path("im/P1/IMG_2.jpg") not in labels
    labels, _ = read_own_table(table("image_id,diagnosis", *rows, "P1/IMG_2,nevus"), images, Problems(strict=False))
    assert labels[Path("im/P1/IMG_2.jpg")] == 0


def test_a_colon_in_a_name_is_no_drive(table) -> None:
    images = {"A:001": Path("A:001.jpg"), "001": Path("001.jpg")}
    own = table("image_id,diagnosis", "A:001,nevus", "001,melanoma")
    assert read_own_table(own, images, Problems())[0] == {Path("A:001.jpg"): 0, Path("001.jpg"): 1}


@pytest.mark.parametrize("header", ["image_id,diagnosis,diagnosis", "image_id,melanoma,melanoma,seborrheic_keratosis"])
def test_columns_that_are_read_unasked_may_not_stand_there_twice(table, header: str) -> None:
    with pytest.raises(DataError, match="2 columns are called (diagnosis|melanoma); rename"):
        read_own_table(table(header, "a,0,1"), IMAGES, Problems())


def test_of_two_images_of_one_name_the_folder_tells_which(table) -> None:
    images = {"P1/x": Path("P1/x.jpg"), "P2/x": Path("P2/x.jpg")}
    own = table("image_id,diagnosis", "all/P1/x.jpg,nevus", "all/P2/x.jpg,melanoma")
    assert read_own_table(own, images, Problems())[0] == {Path("P1/x.jpg"): 0, Path("P2/x.jpg"): 1}


def test_a_diagnosis_column_that_is_empty_is_refused(table) -> None:
    with pytest.raises(DataError, match="dx holds nothing, and none of nevus, .*another --diagnosis_column"):
        read_own_table(table("image_id,dx", "a,", diagnosis="dx"), IMAGES, Problems())


def test_groups_that_differ_in_capitals_alone_are_told(table) -> None:
    problems = Problems(strict=False)
    own = table("image_id,diagnosis,patient", "a,nevus,P1", "b,nevus,p1", "c,nevus,-", group="patient")
    assert len(set(read_own_table(own, IMAGES, problems)[1].values())) == 2
    assert [(problem.text, problem.names) for problem in problems.noted] == [
        ("1 images have no patient, so that each stands for itself", ("c.jpg",)),
        ("patient differs in capitals alone, which makes different groups", ("P1", "p1")),
    ]
