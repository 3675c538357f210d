# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from mt_transunet.data import DataError, load_datalist

IMAGE = "ISIC-2017_Training_Data/ISIC_0000001.jpg"
MASK = "ISIC-2017_Training_Part1_GroundTruth/ISIC_0000001_segmentation.png"


@pytest.mark.parametrize("content", [b"hello", b""])
def test_text_renamed_jpg_is_refused_with_the_remedy(isic, content):
    (isic / IMAGE).write_bytes(content)
    message = (
        rf"ISIC_0000001.jpg: not a readable image \(cannot identify image file\); replace it or remove it, "
        rf"`mt-transunet check-data {isic}` lists all such files"
    )
    with pytest.raises(DataError, match=message):
        load_datalist(isic)


def test_the_root_that_holds_a_broken_file_is_named_not_one_whose_name_begins_it(tmp_path, make):
    make.image(tmp_path / "a" / "x.jpg")
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "y.jpg").write_bytes(b"hello")
    with pytest.raises(DataError, match=f"check-data {tmp_path / 'ab'}` lists"):
        load_datalist([tmp_path / "a", tmp_path / "ab"], splits="test")


def test_a_broken_mask_is_refused(isic):
    (isic / MASK).write_text("hello")
    with pytest.raises(DataError, match="segmentation.png: not a readable mask"):
        load_datalist(isic)


def test_a_mask_of_another_size_is_refused_with_both_sizes(isic, make):
    make.mask(isic / MASK, size=(6, 8))
    with pytest.raises(DataError, match="segmentation.png: the mask is 6x8 pixels but its image .* is 8x6"):
        load_datalist(isic)


def test_the_header_check_can_be_left_out(isic):
    (isic / IMAGE).write_text("hello")
    assert len(load_datalist(isic, headers=False)["training"]) == 2


def test_a_one_pixel_image_is_fine(isic, make):
    make.image(isic / IMAGE, size=(1, 1))
    make.mask(isic / MASK, size=(1, 1))
    assert len(load_datalist(isic)["training"]) == 2
