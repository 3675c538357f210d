# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import logging
import time
from collections import Counter

import pytest

from mt_transunet.data import DataError, find_images, load_datalist


@pytest.mark.parametrize(
    "form", [list, tuple, lambda roots: str(list(roots)), json.dumps, lambda r: f"[{', '.join(r)}]"]
)
def test_several_roots_are_joined_and_copies_kept(isic, tmp_path, make, form):
    make.isic(tmp_path / "again", "training", {"ISIC_0000001": (1, 0)})
    lists = load_datalist(form([str(isic), str(tmp_path / "again")]))
    assert [item["image_id"] for item in lists["training"]] == ["ISIC_0000001", "ISIC_0000002", "ISIC_0000001"]


def test_an_id_on_two_sides_is_refused_by_name(isic, tmp_path, make):
    make.isic(tmp_path / "other", "validation", {"ISIC_0000002": (0, 0)})
    with pytest.raises(DataError, match="1 ids are on two sides of a split: ISIC_0000002 .*keep each on one side"):
        load_datalist([isic, tmp_path / "other"])


@pytest.mark.parametrize("name", ["ISIC_0000003.png", "isic_0000003_downsampled.jpg"])
def test_an_additional_image_of_the_validation_split_is_refused_under_any_spelling(isic, tmp_path, make, name):
    make.image(tmp_path / "more" / name)
    with pytest.raises(DataError, match="two sides of a split: ISIC_0000003"):
        load_datalist(isic, additional_dir=tmp_path / "more")


def test_one_file_under_two_ids_on_two_sides_is_refused(tmp_path, make):
    make.image(tmp_path / "a.jpg")
    lists = {"training": [{"image": "a.jpg", "image_id": "x"}], "validation": [{"image": "a.jpg", "image_id": "y"}]}
    (tmp_path / "datalist.json").write_text(json.dumps(lists))
    with pytest.raises(DataError, match="two sides of a split: .*a.jpg"):
        load_datalist(tmp_path)


def test_a_patient_on_two_sides_is_refused_by_name(tmp_path, make):
    for name in "abc":
        make.image(tmp_path / f"{name}.jpg")
    lists = {
        "training": [{"image": "a.jpg", "group": "P1"}, {"image": "b.jpg", "group": "P2"}],
        "validation": [{"image": "c.jpg", "group": "P1"}],
    }
    (tmp_path / "datalist.json").write_text(json.dumps(lists))
    with pytest.raises(
        DataError, match=r"1 groups .* two sides of a split: P1 \(validation .*c.jpg, training .*a.jpg.*different names"
    ):
        load_datalist(tmp_path)


def test_additional_images_are_the_second_stream_without_their_masks(isic, tmp_path, make, caplog):
    caplog.set_level(logging.INFO)
    make.isic(tmp_path / "more", "training", {"ISIC_0000008": (1, 0)})
    lists = load_datalist(isic, additional_dir=str(tmp_path / "more"))
    assert [(item["image_id"], item["label"], "mask" in item) for item in lists["unlabelled"]] == [
        ("ISIC_0000008", 1, False)
    ]
    assert "second stream: 1 images, their masks unused" in caplog.text


def test_additional_images_are_not_touched_without_training(isic):
    lists = load_datalist(isic, splits="val", additional_dir="/no/such/folder")
    assert set(lists) == {"validation"}


def test_an_additional_dataset_without_training_images_is_refused(isic, tmp_path, make):
    make.isic(tmp_path / "more", "validation", {"ISIC_0000008": (1, 0)})
    with pytest.raises(DataError, match="additional_dir: no training split in ISIC-2017"):
        load_datalist(isic, additional_dir=tmp_path / "more")


def test_a_missing_validation_split_is_empty_and_logged(tmp_path, make, caplog):
    make.isic(tmp_path, "training", {"ISIC_0000001": (0, 0)})
    lists = load_datalist(tmp_path)
    assert set(lists) == {"training", "unlabelled", "validation"} and lists["validation"] == []
    assert "no validation split" in caplog.text and "stays empty" in caplog.text


@pytest.mark.parametrize("splits, missing", [("test", "test"), (("training", "test"), None)])
def test_a_split_that_is_nowhere_is_refused_with_what_exists(isic, splits, missing):
    if missing is None:
        assert load_datalist(isic, splits=splits)["test"] == []
        return
    with pytest.raises(DataError, match=r"no test split: found ISIC-2017 .* \(training, validation\)"):
        load_datalist(isic, splits=splits)


def test_training_must_be_there_when_asked_for(tmp_path, make):
    make.isic(tmp_path, "validation", {"ISIC_0000001": (0, 0)})
    with pytest.raises(DataError, match=r"no training split: found .* \(validation\)"):
        load_datalist(tmp_path)


@pytest.mark.parametrize("splits", ["holdout", ()])
def test_an_unknown_split_is_refused(isic, splits):
    with pytest.raises(DataError, match="split must be one of train, val, test, got"):
        load_datalist(isic, splits=splits)


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(DataError, match="nowhere does not exist; check the spelling"):
        load_datalist(tmp_path / "nowhere")


def test_an_empty_folder_is_refused_with_what_it_holds(tmp_path):
    with pytest.raises(
        DataError,
        match=r"is empty of images: none below it \(jpg jpeg jpe jfif png bmp tif tiff dcm dicom\), it holds nothing",
    ):
        load_datalist(tmp_path)
    (tmp_path / "x.heic").write_text("")
    with pytest.raises(DataError, match="it holds 1 .heic"):
        load_datalist(tmp_path)


def test_a_file_is_no_dataset(tmp_path, make):
    with pytest.raises(DataError, match="a.jpg is a file; give a folder, or a datalist.json"):
        load_datalist(make.image(tmp_path / "a.jpg"))


def test_images_of_any_layout_are_found_unchecked(isic, ph2, tmp_path):
    (isic / "ISIC-2017_Training_Data" / "ISIC_0000001.jpg").write_text("text")
    found = find_images([isic, ph2])
    assert len(found) == 6 and found == sorted(found)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "datalist.json").write_text("{}")
    with pytest.raises(DataError, match="no image is there"):
        find_images(tmp_path / "empty")


def test_the_real_training_set_loads_in_time_with_its_known_counts(real_data):
    start = time.perf_counter()
    lists = load_datalist(real_data / "isic2017_256", additional_dir=real_data / "isic_additional")
    assert time.perf_counter() - start < 30  # about 1.5 s on two idle cores
    counts = {name: Counter(item["label"] for item in items) for name, items in lists.items()}
    # 1372 nevi less the two byte-identical to test images
    assert counts == {
        "training": {0: 1370, 1: 374, 2: 254},
        "validation": {0: 78, 1: 30, 2: 42},
        "unlabelled": {0: 149, 1: 67},
    }


def test_the_other_real_datasets_have_their_known_counts(real_data):
    crop = load_datalist(real_data / "isic2017_crop512", headers=False)
    assert (len(crop["training"]), len(crop["validation"])) == (1799, 121)
    assert len(load_datalist(real_data / "isic2017_fullres_sample", splits="val")["validation"]) == 10
    ph2 = load_datalist(real_data / "ph2_sample", splits="test")["test"]
    assert Counter(item["label"] for item in ph2) == {0: 8, 1: 4}
    assert all("mask" in item for item in ph2)
