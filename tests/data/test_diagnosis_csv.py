# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from mt_transunet.data import DataError, load_datalist
from mt_transunet.data.diagnosis_csv import match_diagnoses, read_diagnoses
from mt_transunet.data.errors import Problems


def _write(isic, text, encoding="utf-8"):
    path = isic / "ISIC-2017_Training_Part3_GroundTruth.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_byte_order_mark_crlf_quotes_and_further_columns_are_fine(isic):
    _write(
        isic,
        '"Image_ID", melanoma,age,"seborrheic_keratosis"\r\nISIC_0000001,0,55,1.0\r\n"ISIC_0000002","1.0","x,y", 0\r\n'
        "\r\n,,,\r\n",
        "utf-8-sig",
    )
    assert [item["label"] for item in load_datalist(isic)["training"]] == [2, 1]


def test_a_missing_column_is_refused(isic):
    _write(isic, "image_id,melanoma\nISIC_0000001,0\n")
    with pytest.raises(DataError, match=r"missing column seborrheic_keratosis \(found: image_id, melanoma\)"):
        load_datalist(isic)


def test_a_quote_that_never_closes_is_refused(isic, make):
    _write(isic, f'{make.header}\n"ISIC_0000001,0,0\n' + "ISIC_0000002,0,0\n")
    with pytest.raises(DataError, match="GroundTruth.csv is no CSV .*; close its quotes"):
        load_datalist(isic)


def test_an_empty_table_is_refused(isic):
    _write(isic, "")
    with pytest.raises(DataError, match=r"missing column image_id and melanoma and .* \(found: none\)"):
        load_datalist(isic)


def test_a_row_without_image_is_an_unknown_id(isic, make):
    _write(isic, f"{make.header}\nISIC_0000001,0,0\nISIC_0000002,0,0\nISIC_0000077,0,0\n")
    with pytest.raises(DataError, match="unknown id: 1 ids of .* have no image: ISIC_0000077; remove the rows"):
        load_datalist(isic)


def test_an_image_without_row_is_an_unknown_id(isic, make):
    _write(isic, f"{make.header}\nISIC_0000001,0,0\n")
    with pytest.raises(DataError, match="unknown id: .* has no row for 1 images: ISIC_0000002"):
        load_datalist(isic)


@pytest.mark.parametrize("value", ["2", "-1", "0.5", "", "nan", "yes"])
def test_a_label_outside_0_and_1_is_refused(isic, make, value):
    _write(isic, f"{make.header}\nISIC_0000001,0,0\nISIC_0000002,{value},0\n")
    with pytest.raises(DataError, match=f"melanoma of ISIC_0000002 must be 0 or 1, got '{value}'"):
        load_datalist(isic)


def test_a_short_row_is_refused(isic, make):
    _write(isic, f"{make.header}\nISIC_0000001,0,0\nISIC_0000002,0\n")
    with pytest.raises(DataError, match="seborrheic_keratosis of ISIC_0000002 must be 0 or 1"):
        load_datalist(isic)


def test_both_labels_1_is_refused(isic, make):
    _write(isic, f"{make.header}\nISIC_0000001,1.0,1.0\nISIC_0000002,0,0\n")
    with pytest.raises(DataError, match=r"ISIC_0000001 is both .*both labels 1"):
        load_datalist(isic)


def test_a_duplicate_id_is_refused(isic, make):
    _write(isic, f"{make.header}\nISIC_0000001,0,0\nISIC_0000001,0,0\nISIC_0000002,0,0\n")
    with pytest.raises(DataError, match="duplicate id ISIC_0000001; keep one row"):
        load_datalist(isic)


def test_gathering_goes_on_after_a_refused_row(isic, make):
    path = _write(isic, f"{make.header}\nISIC_0000001,1,1\nISIC_0000002,7,0\nISIC_0000002,0,0\n")
    problems = Problems(strict=False)
    labels = read_diagnoses(path, problems)
    assert labels == {"ISIC_0000001": None, "ISIC_0000002": None}
    assert len(problems.refused) == 3
    image = isic / "ISIC_0000001.jpg"
    assert match_diagnoses([image], labels, table=path, problems=problems, wider=True) == {}
