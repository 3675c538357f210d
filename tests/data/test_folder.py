# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from mt_transunet.data import DataError, evaluated_side, load_datalist


def _names(root, **kwargs):
    items = load_datalist(root, splits="test", **kwargs)["test"]
    return [item["image"][len(str(root)) + 1 :] for item in items]


@pytest.fixture
def photos(tmp_path, make):
    root = tmp_path / "d" / "photos"
    for name in ("a.jpg", "sub/b.PNG", "sub/deep/c.TIFF"):
        make.image(root / name)
    return root


def test_images_of_one_name_are_images_of_their_own(tmp_path, make):
    for name in ("P0/x.jpg", "P1/x.jpg", "P1/y.jpg", "P1/y.png", "z.jpg"):
        make.image(tmp_path / name)
    assert len(evaluated_side(load_datalist(str(tmp_path), splits="validation"), "val")) == 5
    items = load_datalist(str(tmp_path), splits="test")["test"]
    assert [item["image_id"] for item in items] == ["P0/x", "P1/x", "y.jpg", "y.png", "z"]
    assert len(evaluated_side({"test": items}, "test")) == 5


def test_it_is_searched_recursively_for_suffixes_of_any_case(photos, make):
    for name in ("d.JPEG", "e.bmp", "f.tif"):
        make.image(photos / name)
    (photos / "notes.txt").write_text("no image")
    (photos / "folder.jpg").mkdir()
    expected = ["a.jpg", "d.JPEG", "e.bmp", "f.tif", "sub/b.PNG", "sub/deep/c.TIFF"]
    assert sorted(_names(photos)) == sorted(expected)


def test_hidden_files_and_folders_are_skipped(photos, make):
    (photos / "._a.jpg").write_text("resource fork")
    make.image(photos / ".cache" / "x.jpg")
    make.image(photos / "__MACOSX" / "y.jpg")
    assert len(_names(photos)) == 3


def test_linked_folders_are_followed_once(photos):
    (photos / "sub" / "loop").symlink_to(photos, target_is_directory=True)
    assert len(_names(photos)) == 3


def test_its_images_asked_for_training_are_the_second_stream(photos):
    lists = load_datalist(photos, splits="training")
    assert lists["training"] == [] and len(lists["unlabelled"]) == 3


def test_labels_beside_and_above_with_and_without_extension(photos, make):
    (photos / "labels.csv").write_text(f"{make.header}\na.jpg,0,0\nb,1,0\nc,0,1\n")
    items = load_datalist(photos, splits="test")["test"]
    assert {item["image_id"]: item["label"] for item in items} == {"a": 0, "b": 1, "c": 2}


def test_the_nearest_table_counts(photos, make):
    (photos / "labels.csv").write_text(f"{make.header}\na,0,0\n")
    (photos / "sub" / "labels.csv").write_text(f"{make.header}\nb,1,0\nc,1,0\n")
    items = load_datalist(photos, splits="test")["test"]
    assert {item["image_id"]: item["label"] for item in items} == {"a": 0, "b": 1, "c": 1}


def test_two_files_of_one_stem_are_told_apart_by_their_extension(tmp_path, make):
    make.image(tmp_path / "x" / "a.jpg")
    make.image(tmp_path / "x" / "a.png")
    (tmp_path / "x" / "labels.csv").write_text(f"{make.header}\na.jpg,1,0\na.png,0,1\n")
    assert [item["label"] for item in load_datalist(tmp_path / "x", splits="test")["test"]] == [1, 2]


def test_a_table_above_the_named_folder_may_know_more_and_less(photos, make):
    (photos.parent / "labels.csv").write_text(f"{make.header}\na,1,0\nelsewhere,0,0\n")
    items = load_datalist(photos, splits="test")["test"]
    assert [item.get("label") for item in items] == [1, None, None]


def test_inside_the_folder_images_and_rows_must_match(photos, make):
    (photos / "labels.csv").write_text(f"{make.header}\na,0,0\nb,1,0\n")
    with pytest.raises(DataError, match="unknown id: .*labels.csv has no row for 1 images: c"):
        load_datalist(photos, splits="test")


def test_results_of_an_earlier_inference_inside_are_not_read_as_images(photos, make, caplog):
    for name in ("a_mask.png", "a_overlay.jpg", "out/a.jpg_mask.png", "out/sub/b_mask.png", "out/b_PNG_mask.png"):
        make.mask(photos / name)
    make.mask(photos / "out" / "deleted_mask.png")
    (photos / "out" / "predictions.csv").write_text("image,status\n")
    assert len(_names(photos)) == 3
    assert "6 files were made from other images" in caplog.text


def test_a_photograph_that_merely_ends_like_a_result_stays(photos, make):
    make.image(photos / "clay_mask.png")
    assert "clay_mask.png" in _names(photos)


def test_a_folder_of_results_alone_is_refused(tmp_path, make):
    make.mask(tmp_path / "out" / "a_mask.png")
    (tmp_path / "out" / "predictions.csv").write_text("image,status\n")
    with pytest.raises(DataError, match="out is empty: all its images are masks or overlays"):
        load_datalist(tmp_path / "out", splits="test")


def test_a_folder_of_images_stays_one_whatever_lies_below(photos, make):
    make.isic(photos / "sub" / "isic", "test", {"ISIC_0000004": (0, 0)})
    make.isic(photos / "isic", "test", {"ISIC_0000005": (0, 0)})
    assert "a.jpg" in _names(photos)
