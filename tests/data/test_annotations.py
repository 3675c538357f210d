# SPDX-License-Identifier: Apache-2.0
"""Lists of an annotation server."""

from __future__ import annotations

import pytest
from PIL import Image

from mt_transunet.data import DataError, SeededDataset, annotated, as_items


def listed(folder, *names, mask_size=(8, 6)):
    (folder / "labels").mkdir(exist_ok=True)
    for name in names:
        Image.new("RGB", (8, 6)).save(folder / f"{name}.jpg")
        Image.new("L", mask_size).save(folder / "labels" / f"{name}.png")
    return [{"image": str(folder / f"{name}.jpg"), "label": str(folder / "labels" / f"{name}.png")} for name in names]


def test_a_list_with_masks_under_label_is_an_annotation_server_s(tmp_path):
    assert annotated(listed(tmp_path, "a"))
    assert not annotated([{"image": "a.jpg", "mask": "a.png", "label": 1, "image_id": "a"}]) and not annotated([])


def test_what_the_server_calls_label_is_the_mask_and_the_class_is_unknown(tmp_path):
    image, mask = str(tmp_path / "a.jpg"), str(tmp_path / "labels" / "a.png")
    assert as_items(listed(tmp_path, "a")) == [{"image": image, "mask": mask, "image_id": "a"}]


def test_a_table_beside_the_images_gives_the_classes_it_knows(tmp_path):
    (tmp_path / "labels.csv").write_text("image_id,melanoma,seborrheic_keratosis\nb,0,1\nelsewhere,1,0\n")
    assert [item.get("label") for item in as_items(listed(tmp_path, "a", "b"))] == [None, 2]


def test_a_wrong_table_is_refused_by_name(tmp_path):
    (tmp_path / "labels.csv").write_text("image_id,melanoma,seborrheic_keratosis\na,1,1\n")
    with pytest.raises(DataError, match="labels.csv: a is both melanoma and seborrheic_keratosis"):
        as_items(listed(tmp_path, "a"))


def test_other_lists_stay_as_they_are():
    items = [{"image": "a.jpg", "image_id": "a"}]
    assert as_items(items) == items


def test_a_dataset_counts_the_items_with_a_mask(tmp_path):
    items = [{"image": "a.jpg", "mask": "a.png", "image_id": "a"}, {"image": "b.jpg", "image_id": "b"}]
    assert SeededDataset(items).with_mask == 1 and SeededDataset(listed(tmp_path, "a", "b")).with_mask == 2


def test_a_mask_of_another_size_is_refused_by_name(tmp_path):
    with pytest.raises(DataError, match=r"a.png: the mask is 9x6 pixels .* is 8x6; .*; a mask can be saved anew"):
        as_items(listed(tmp_path, "a", mask_size=(9, 6)))


def test_a_label_that_is_no_image_is_refused_by_name(tmp_path):
    items = listed(tmp_path, "a")
    (tmp_path / "labels" / "a.png").write_text("text")
    with pytest.raises(DataError, match=r"a.png: not a readable mask \(cannot identify image file\)"):
        as_items(items)
