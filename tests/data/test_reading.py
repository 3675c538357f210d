# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from PIL import Image

from mt_transunet.data import readable_images
from mt_transunet.data.reading import is_turned, reason_of


def test_bad_files_are_sorted_out_with_a_reason_and_the_order_kept(tmp_path, make):
    good = [make.image(tmp_path / name, size=(64, 64)) for name in ("z.jpg", "a.png")]
    cut = make.truncated(make.image(tmp_path / "cut.jpg", size=(64, 64)))
    text = tmp_path / "text.jpg"
    text.write_text("hello")
    absent = tmp_path / "absent.jpg"
    readable, refused = readable_images([good[0], cut, text, absent, str(good[1])])
    assert readable == [str(path) for path in good]
    assert "truncated" in refused[str(cut)]
    assert refused[str(text)] == "cannot identify image file"
    assert refused[str(absent)] == "No such file or directory"


def test_a_jpeg_that_lacks_its_last_quarter_is_noticed_at_reduced_scale(tmp_path, make):
    path = make.image(tmp_path / "a.jpg", size=(1024, 768))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    assert list(readable_images([path])[1]) == [str(path)]


def test_a_reason_without_words_is_the_error_s_name():
    assert reason_of(ZeroDivisionError()) == "ZeroDivisionError"


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize(
    ("orientation", "turned"), [(1, False), (3, True), (6, True), (8, True), (0, False), (9, False)]
)
def test_a_file_that_asks_viewers_to_turn_it_is_known(tmp_path, suffix, orientation, turned):
    tags = Image.Exif()
    tags[0x0112] = orientation
    Image.new("RGB", (6, 4)).save(tmp_path / f"a.{suffix}", exif=tags)
    with Image.open(tmp_path / f"a.{suffix}") as image:
        image.load()
        assert is_turned(image) is turned


def test_a_tiff_is_turned_by_pillow_and_by_nobody_after_it(tmp_path):
    tags = Image.Exif()
    tags[0x0112] = 6
    Image.new("RGB", (6, 4)).save(tmp_path / "a.tiff", exif=tags)
    with Image.open(tmp_path / "a.tiff") as image:
        image.load()
        assert image.size == (4, 6) and not is_turned(image)


def test_a_broken_tag_turns_nothing(tmp_path):
    image = Image.new("RGB", (6, 4))
    image.info["exif"] = b"Exif\0\0no tags"
    assert not is_turned(image)
