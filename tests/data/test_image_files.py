# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

import pytest

from mt_transunet.data.image_files import holds_images, images_under


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).touch()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_with_an_images_name_is_no_image(tmp_path):
    touch(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "b.jpg")  # reading it would wait for a writer for ever
    assert images_under(tmp_path) == [tmp_path / "a.jpg"]


def test_a_link_to_nothing_stays_to_be_named(tmp_path):
    (tmp_path / "a.jpg").symlink_to(tmp_path / "gone.jpg")
    assert images_under(tmp_path) == [tmp_path / "a.jpg"]


def test_photographs_of_other_kinds_are_counted_in_one_line(tmp_path, caplog):
    touch(tmp_path, "a.jpg", "b.HEIC", "c.heic", "d.webp", "notes.txt")
    assert images_under(tmp_path) == [tmp_path / "a.jpg"]
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}: 2 .heic, 1 .webp are left out; save them as JPEG or PNG"
    ]


def test_jpeg_under_its_other_endings_is_an_image(tmp_path):
    touch(tmp_path, "a.jfif", "b.JPE")
    assert images_under(tmp_path) == [tmp_path / "a.jfif", tmp_path / "b.JPE"]


def test_a_file_without_an_ending_is_an_image_if_it_begins_as_dicom_does(tmp_path):
    for name in ("IM00001", "1.2.840.10008"):
        (tmp_path / name).write_bytes(bytes(128) + b"DICM")
    (tmp_path / "README").write_text("no image")
    (tmp_path / "DICOMDIR").write_bytes(bytes(128) + b"DICM")  # the table of contents
    assert holds_images(tmp_path) and images_under(tmp_path) == [tmp_path / "1.2.840.10008", tmp_path / "IM00001"]


def test_nothing_is_said_of_a_folder_of_images_and_tables(tmp_path, caplog):
    touch(tmp_path, "a.jpg", "labels.csv")
    images_under(tmp_path)
    assert caplog.records == []
