# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mt_transunet.annotation import describe_images, next_representative
from mt_transunet.quality.description import describe

NOW = 1_000_000.0


class Album:
    """A datastore in memory over a folder: id -> what is known of the image."""

    def __init__(self, folder, **images):
        self.folder, self.images = folder, images

    def list_images(self):
        return list(self.images)

    def get_image_info(self, image_id):
        return dict(self.images[image_id])

    def get_image_uri(self, image_id):
        return str(self.folder / f"{image_id}.jpg")

    def update_image_info(self, image_id, info):
        self.images[image_id].update(info)


@pytest.fixture
def photograph(tmp_path):
    """A JPEG of a dark disc on a bright ground, a.jpg; its pixels."""
    rows, columns = np.mgrid[:600, :800]
    disc = np.hypot(rows - 300, columns - 400) < 150
    pixels = np.where(disc[..., None], (90, 60, 50), (210, 170, 150)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.jpg", quality=95)
    return pixels


def known(**places):
    return {name: {"description": [place]} for name, place in places.items()}


def asked(images, waiting, **options):
    return next_representative(images, waiting, strategy="representative", now=NOW, **options)


def test_a_jpeg_decoded_coarsely_is_described_like_the_whole(tmp_path, photograph):
    album = Album(tmp_path, a={})
    describe_images(album)
    assert album.images["a"]["description"] == pytest.approx(describe(photograph), abs=0.5)


def test_an_image_is_described_once(tmp_path, photograph):
    album = Album(tmp_path, a={})
    first, second = describe_images(album), describe_images(album)
    assert (first["executed"], first["skipped"]) == (1, 0) and (second["executed"], second["skipped"]) == (0, 1)


def test_a_broken_image_is_named_and_does_not_stop_the_others(tmp_path, photograph, caplog):
    (tmp_path / "Broken.jpg").write_bytes(b"no image")
    album = Album(tmp_path, Broken={}, a={})
    summary = describe_images(album)
    assert summary["failed"] == 1 and album.images["Broken"] == {"description": None}
    assert album.images["a"]["description"] and "Broken has no description" in caplog.text


def test_no_more_images_are_described_than_asked_for(tmp_path, photograph):
    album = Album(tmp_path, a={}, b={}, c={})
    assert describe_images(album, most=1)["executed"] == 1 and set(album.images["a"]) == {"description"}


def test_the_image_that_stands_for_most_of_the_others_is_next():
    assert asked(known(a=0.0, b=10.0, c=10.1, d=10.2), ["a", "b", "c", "d"]) == "c"


def test_a_labelled_image_stands_for_its_like():
    assert asked(known(a=0.0, b=10.0, c=10.1, d=10.2), ["a", "b", "d"]) == "a"


def test_an_image_in_somebodys_hands_stands_for_its_like_and_is_not_next():
    images = known(a=0.0, b=10.0, c=10.1, d=10.2)
    images["c"]["strategy"] = {"representative": {"ts": NOW - 60}}
    assert asked(images, list("abcd")) == "a" and asked(images, list("abcd"), rest=30.0) == "c"


def test_an_image_without_a_description_comes_after_those_that_have_one():
    images = {"a": {"description": None}, "b": {}, **known(c=1.0)}
    assert asked(images, list("abc")) == "c" and asked(images, list("ab")) == "a"


def test_where_all_are_in_somebodys_hands_the_first_is_next_again():
    images = {name: {**info, "strategy": {"representative": {"ts": NOW}}} for name, info in known(b=1.0, a=2.0).items()}
    assert asked(images, ["b", "a"]) == "a"


def test_nothing_is_next_when_nothing_waits():
    assert asked(known(a=0.0), []) is None
