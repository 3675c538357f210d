# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging

import pytest

from mt_transunet.data import DataError, load_datalist


def _edit_table(ph2, old, new):
    table = ph2 / "PH2Dataset" / "PH2_dataset.txt"
    table.write_text(table.read_text().replace(old, new))


def test_codes_0_and_1_are_nevus_and_2_is_melanoma(ph2):
    items = load_datalist(ph2, splits="test")["test"]
    assert [(item["image_id"], item["label"]) for item in items] == [("IMD001", 0), ("IMD002", 0), ("IMD003", 1)]


def test_image_and_mask_are_the_release_s_own_files_and_rois_are_not(ph2):
    item = load_datalist(ph2, splits="test")["test"][0]
    case = ph2 / "PH2Dataset" / "PH2 Dataset images" / "IMD001"
    assert item["image"] == str(case / "IMD001_Dermoscopic_Image" / "IMD001.bmp")
    assert item["mask"] == str(case / "IMD001_lesion" / "IMD001_lesion.bmp")


@pytest.mark.parametrize("inner", ["PH2Dataset", "PH2Dataset/PH2 Dataset images"])
def test_the_inner_folders_are_recognised_too(ph2, inner):
    assert [item["label"] for item in load_datalist(ph2 / inner, splits="test")["test"]] == [0, 0, 1]


@pytest.mark.parametrize("split, key", [("train", "training"), ("val", "validation")])
def test_it_counts_wholly_as_the_split_asked_for_and_the_log_says_so(ph2, split, key, caplog):
    assert len(load_datalist(ph2, splits=split)[key]) == 3
    assert f"counts wholly as test, and all 3 images are read as {key} here" in caplog.text


def test_it_is_on_one_side_only_when_training_and_validation_are_asked_for(ph2):
    lists = load_datalist(ph2)
    assert (len(lists["training"]), len(lists["validation"])) == (3, 0)


def test_without_its_table_the_classes_are_unknown(ph2, caplog):
    caplog.set_level(logging.INFO)
    (ph2 / "PH2Dataset" / "PH2_dataset.txt").unlink()
    assert all("label" not in item for item in load_datalist(ph2, splits="test")["test"])
    assert "PH2_dataset.txt is not there" in caplog.text


def test_a_part_of_the_release_with_the_whole_table_is_fine(ph2, caplog):
    _edit_table(ph2, "|| IMD003", "|| IMD099 ||    || 2 ||\n|| IMD003")
    assert len(load_datalist(ph2, splits="test")["test"]) == 3
    assert "1 of 4 cases of PH2_dataset.txt are not there: IMD099" in caplog.text


def test_an_image_the_table_does_not_know_is_refused(ph2):
    _edit_table(ph2, "IMD002", "IMD009")
    with pytest.raises(DataError, match="unknown id: PH2_dataset.txt has no row for 1 images: IMD002"):
        load_datalist(ph2, splits="test")


def test_another_diagnosis_code_is_refused(ph2):
    _edit_table(ph2, " 2 ||", " 3 ||")
    with pytest.raises(DataError, match="clinical diagnosis of IMD003 must be 0, 1 or 2, got '3'"):
        load_datalist(ph2, splits="test")


def test_a_second_row_of_a_case_is_refused(ph2):
    _edit_table(ph2, "IMD003", "IMD002")
    with pytest.raises(DataError, match="duplicate case IMD002; keep one row per case"):
        load_datalist(ph2, splits="test")


def test_a_table_without_the_diagnosis_column_is_refused(ph2):
    _edit_table(ph2, "Clinical Diagnosis ||", "Clinical ||")
    with pytest.raises(DataError, match="missing column clinical diagnosis"):
        load_datalist(ph2, splits="test")


def test_a_mask_without_image_is_refused(ph2):
    (image,) = ph2.rglob("IMD002.bmp")
    image.unlink()
    with pytest.raises(DataError, match="mask without image: .*IMD002_lesion.bmp"):
        load_datalist(ph2, splits="test")


def test_a_case_without_mask_or_without_anything_is_reported(ph2, caplog):
    for name in ("IMD001_lesion.bmp", "IMD002_lesion.bmp", "IMD002.bmp"):
        (path,) = ph2.rglob(name)
        path.unlink()
    items = load_datalist(ph2, splits="test")["test"]
    assert [("mask" in item) for item in items] == [False, True]
    assert "1 cases have no mask: IMD001" in caplog.text
    assert "IMD002 holds neither image nor mask" in caplog.text
