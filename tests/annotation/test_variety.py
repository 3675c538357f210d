# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from mt_transunet.annotation import Looks, next_representative
from mt_transunet.quality.description import describe


def disc(path, lesion=(90, 60, 50)):
    """A dark disc on bright skin, in a file of 800 x 600 pixels."""
    rows, columns = np.mgrid[:600, :800]
    inside = np.hypot(rows - 300, columns - 400) < 150
    pixels = np.where(inside[..., None], lesion, (210, 170, 150)).astype(np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def paths(tmp_path):
    """Ids and paths of three images of falling darkness."""
    for place, name in enumerate("abc"):
        disc(tmp_path / f"{name}.png", lesion=(90 + 30 * place, 60, 50))
    return {name: str(tmp_path / f"{name}.png") for name in "abc"}


def on_a_line(**places):
    return {name: np.array([place]) for name, place in places.items()}


def test_a_jpeg_decoded_coarsely_is_described_like_the_whole(tmp_path):
    disc(tmp_path / "a.jpg")
    found = Looks().of({"a": str(tmp_path / "a.jpg")})
    assert found["a"] == pytest.approx(describe(np.asarray(Image.open(tmp_path / "a.jpg"))), abs=0.1)


def test_transparent_pixels_look_white_as_inference_sees_them(tmp_path):
    hidden = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    hidden.save(tmp_path / "a.png")
    assert Looks().of({"a": str(tmp_path / "a.png")})["a"][0] == pytest.approx(100, abs=0.01)  # lightness


def test_all_images_are_described_once_the_thread_is_done(paths):
    looks = Looks(at_once=1)
    looks.of(paths)
    looks.wait()
    assert set(looks.of(paths)) == set("abc")


def test_so_many_are_described_while_the_caller_waits(paths, monkeypatch):
    monkeypatch.setattr("mt_transunet.annotation.variety.Thread.start", lambda thread: None)
    monkeypatch.setattr("mt_transunet.annotation.variety.Thread.is_alive", lambda thread: True)
    looks = Looks(at_once=2)
    assert len(looks.of(paths)) == 2 and len(looks.of(paths)) == 2


def test_a_file_that_was_replaced_is_described_anew(tmp_path, paths):
    looks = Looks()
    before = looks.of(paths)["a"]
    disc(paths["a"], lesion=(255, 255, 255))
    os.utime(paths["a"], (1, 1))
    assert looks.of(paths)["a"][0] > before[0] + 1


def test_a_broken_image_is_named_once_and_left_out(tmp_path, paths, caplog):
    (tmp_path / "b.png").write_bytes(b"no image")
    looks = Looks()
    assert set(looks.of(paths)) == set(looks.of(paths)) == {"a", "c"}
    assert caplog.text.count("b.png has no description and is served last") == 1


def test_an_image_that_was_removed_is_left_out(paths):
    os.remove(paths["b"])
    assert set(Looks().of(paths)) == {"a", "c"}


def test_the_image_that_stands_for_most_of_the_others_is_next():
    assert next_representative(on_a_line(a=0.0, b=10.0, c=10.1, d=10.2, e=10.3), list("abcde")) == "c"


def test_a_labelled_image_stands_for_its_like():
    assert next_representative(on_a_line(a=0.0, b=10.0, c=10.1, d=10.2, e=10.3), list("abde")) == "a"


def test_an_image_in_somebodys_hands_stands_for_its_like_and_is_not_next():
    assert next_representative(on_a_line(a=0.0, b=10.0, c=10.1, d=10.2, e=10.3), list("abcde"), in_hand={"c"}) == "a"


def test_an_image_without_a_description_comes_after_those_that_have_one():
    assert next_representative(on_a_line(c=1.0), list("abc")) == "c"
    assert next_representative({}, list("ba")) == "a"


def test_where_all_are_in_somebodys_hands_the_first_is_next_again():
    assert next_representative(on_a_line(a=2.0, b=1.0), list("ba"), in_hand=set("ab")) == "a"


def test_of_more_images_than_are_compared_some_are_drawn():
    described = {f"{place:03}": np.array([float(place)]) for place in range(101)}
    middle = int(next_representative(described, list(described), most=11))
    assert middle != 50 and 20 < middle < 80  # the middle one of eleven


def test_nothing_is_next_when_nothing_waits():
    assert next_representative(on_a_line(a=0.0), []) is None
