# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from mt_transunet.data import readable_images
from mt_transunet.data.reading import reason_of


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
