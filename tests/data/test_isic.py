# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from mt_transunet.data import DataError, load_datalist

TRAINING_CSV = "ISIC-2017_Training_Part3_GroundTruth.csv"
TRAINING_DATA = "ISIC-2017_Training_Data"
TRAINING_MASKS = "ISIC-2017_Training_Part1_GroundTruth"


def test_an_item_has_absolute_paths_label_and_id_and_nothing_else(isic):
    assert load_datalist(isic)["training"][0] == {
        "image": str(isic / TRAINING_DATA / "ISIC_0000001.jpg"),
        "mask": str(isic / TRAINING_MASKS / "ISIC_0000001_segmentation.png"),
        "label": 1,
        "image_id": "ISIC_0000001",
    }


def test_the_two_columns_become_three_classes(isic):
    lists = load_datalist(isic)
    assert [item["label"] for item in lists["training"] + lists["validation"]] == [1, 0, 2]


def test_superpixels_are_neither_images_nor_masks(isic, make):
    make.image(isic / TRAINING_DATA / "ISIC_0000001_superpixels.png")
    make.image(isic / TRAINING_MASKS / "ISIC_0000001_superpixels.png")
    assert len(load_datalist(isic)["training"]) == 2


def test_hidden_files_are_skipped(isic):
    (isic / TRAINING_DATA / "._ISIC_0000001.jpg").write_text("resource fork")
    assert len(load_datalist(isic)["training"]) == 2


def test_the_folders_may_lie_one_level_down(isic):
    assert len(load_datalist(isic.parent)["training"]) == 2


def test_a_folder_unpacked_into_one_of_its_own_name_is_found(isic):
    outer = isic / TRAINING_DATA
    outer.rename(isic / "tmp")
    outer.mkdir()
    (isic / "tmp").rename(outer / TRAINING_DATA)
    assert len(load_datalist(isic)["training"]) == 2


def test_two_datasets_below_one_folder_are_refused(isic, make):
    make.isic(isic.parent / "other", "training", {"ISIC_0000009": (0, 0)})
    with pytest.raises(DataError, match="holds several datasets: isic, other"):
        load_datalist(isic.parent)


def test_an_image_without_mask_beside_a_mask_folder_joins_the_second_stream(isic):
    (isic / TRAINING_MASKS / "ISIC_0000002_segmentation.png").unlink()
    lists = load_datalist(isic)
    assert [item["image_id"] for item in lists["training"]] == ["ISIC_0000001"]
    assert [(item["image_id"], item["label"], "mask" in item) for item in lists["unlabelled"]] == [
        ("ISIC_0000002", 0, False)
    ]


def test_a_split_without_diagnoses_has_no_labels(isic):
    (isic / TRAINING_CSV).unlink()
    assert all("label" not in item and "mask" in item for item in load_datalist(isic)["training"])


def test_a_test_split_without_masks_keeps_its_labels(isic, make):
    make.isic(isic, "test", {"ISIC_0000004": (1, 0)}, masks=False)
    (item,) = load_datalist(isic, splits="test")["test"]
    assert item["label"] == 1 and "mask" not in item


def test_only_the_asked_split_is_read(isic):
    (isic / TRAINING_CSV).write_text("nonsense")
    (isic / TRAINING_DATA / "ISIC_0000001.jpg").write_text("not an image")
    assert len(load_datalist(isic, splits=("val",))["validation"]) == 1


def test_a_mask_without_image_is_refused(isic):
    (isic / TRAINING_DATA / "ISIC_0000002.jpg").unlink()
    with pytest.raises(DataError, match="mask without image: 1 in .*: ISIC_0000002_segmentation.png; restore"):
        load_datalist(isic)


def test_two_masks_of_one_image_are_refused(isic, make):
    make.mask(isic / "ISIC-2017_Training_Part1_GroundTruth" / "ISIC_0000001_Segmentation.bmp")
    with pytest.raises(DataError, match="two masks of one image: ISIC_0000001_.* and ISIC_0000001_"):
        load_datalist(isic)


def test_an_empty_image_folder_is_refused(isic):
    for path in (isic / TRAINING_DATA).iterdir():
        path.unlink()
    with pytest.raises(DataError, match="ISIC-2017_Training_Data is empty"):
        load_datalist(isic)


def test_ground_truth_alone_is_no_folder_of_images(isic):
    for name in (TRAINING_DATA, "ISIC-2017_Validation_Data"):
        for path in (isic / name).iterdir():
            path.unlink()
        (isic / name).rmdir()
    with pytest.raises(DataError, match=r"no training and no validation split: found ISIC.*\(no images\)"):
        load_datalist(isic)


def test_a_mask_of_another_name_is_reported(isic, make, caplog):
    make.mask(isic / TRAINING_MASKS / "ISIC_0000002_mask.png")
    load_datalist(isic)
    assert "1 files are not named <id>_segmentation.png" in caplog.text
