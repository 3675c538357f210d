# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import errno
import os

import pytest

from mt_transunet.engines.journal import PredictionJournal

SETTINGS = {"views": "fast", "sizes": (160, 192)}


@pytest.fixture
def images(tmp_path):
    paths = [tmp_path / f"{name}.jpg" for name in "abc"]
    for path in paths:
        path.write_bytes(path.stem.encode())
    return [str(path) for path in paths]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def journal(out, settings=SETTINGS, **options):
    return PredictionJournal(out, settings=settings, **options)


def fill(out, images):
    """A journal of the images, each with one file made from it."""
    kept = journal(out)
    for number, image in enumerate(images):
        out.mkdir(exist_ok=True)
        (out / f"{number}.png").touch()
        kept.add({"image": image, "files": [f"{number}.png"], "row": {"number": number}})
    return kept


def test_nothing_is_done_at_first_and_nothing_is_written(out, images):
    assert journal(out).left(images) == images and list(journal(out).records(images)) == []
    assert not out.exists()


def test_a_second_call_does_only_what_the_first_has_left(out, images):
    fill(out, images[:2])
    assert journal(out).left(images) == images[2:]


def test_records_come_back_in_the_order_asked_for(out, images):
    fill(out, images)
    found = list(journal(out).records([images[2], images[0]]))
    assert found == [
        {"image": images[2], "files": ["2.png"], "row": {"number": 2}},
        {"image": images[0], "files": ["0.png"], "row": {"number": 0}},
    ]


def test_other_settings_begin_anew_and_say_so(out, images, caplog):
    fill(out, images)
    assert journal(out, {**SETTINGS, "views": "none"}).left(images) == images
    assert "other settings" in caplog.text


def test_a_new_beginning_leaves_nothing_of_the_old_journal(out, images):
    fill(out, images)
    anew = journal(out, {**SETTINGS, "views": "none"})
    anew.add({"image": images[0], "files": []})
    assert journal(out, {**SETTINGS, "views": "none"}).left(images) == images[1:]
    assert len(anew.path.read_text().splitlines()) == 2


@pytest.mark.parametrize("second", [{"settings": {"views": "none"}}, {"resume": False}])
def test_nothing_counts_as_done_behind_the_beginning_of_other_settings(out, images, second):
    fill(out, images)
    journal(out, **second).begin()  # and killed while it does the first image
    assert journal(out).left(images) == images


def test_beginning_leaves_a_journal_that_goes_on_as_it_is(out, images):
    written = fill(out, images).path.read_bytes()
    again = journal(out)
    again.begin()
    assert again.path.read_bytes() == written


def test_resuming_can_be_refused(out, images):
    fill(out, images)
    assert journal(out, resume=False).left(images) == images


def test_an_image_that_has_changed_is_done_again(out, images):
    fill(out, images)
    with open(images[1], "ab") as stream:
        stream.write(b"!")
    os.utime(images[2], ns=(0, 0))
    assert journal(out).left(images) == images[1:]


def test_an_image_whose_result_is_gone_is_done_again(out, images):
    fill(out, images)
    (out / "1.png").unlink()
    assert journal(out).left(images) == [images[1]]


def test_an_image_that_is_gone_has_no_record(out, images):
    kept = fill(out, images)
    os.unlink(images[0])
    assert [record["image"] for record in kept.records(images)] == images[1:]


@pytest.mark.parametrize("cut", [1, 20])
def test_a_line_cut_short_by_a_kill_is_dropped_and_written_over(out, images, cut):
    kept = fill(out, images)
    whole = kept.path.read_bytes()
    kept.path.write_bytes(whole[:-cut])
    again = journal(out)
    assert again.left(images) == [images[2]]
    again.add({"image": images[2], "files": ["2.png"], "row": {"number": 2}})
    assert again.path.read_bytes() == whole


def test_a_file_of_something_else_is_begun_anew(out, images):
    out.mkdir()
    (out / "predictions.jsonl").write_text("no json\n")
    kept = fill(out, images[:1])
    assert kept.left(images) == images[1:]
    assert list(journal(out).records(images))[0]["row"] == {"number": 0}


def test_an_image_whose_files_were_made_anew_from_another_one_is_not_done(tmp_path):
    first, second = (tmp_path / folder / "lesion.jpg" for folder in ("A", "B"))
    for image in (first, second):
        image.parent.mkdir()
        image.write_bytes(b"pixels")
    output = tmp_path / "out"
    output.mkdir()
    (output / "lesion_mask.png").touch()
    for image in (first, second):
        PredictionJournal(output, settings={}).add({"image": str(image), "files": ["lesion_mask.png"]})
    again = PredictionJournal(output, settings={})
    assert again.left([str(first), str(second)]) == [str(first)]


def test_a_second_run_on_the_same_folder_is_noticed(tmp_path):
    images = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    for image in images:
        image.write_bytes(b"pixels")
    one, other = (PredictionJournal(tmp_path / "out", settings={}) for _ in range(2))
    one.add({"image": str(images[0]), "files": []})
    with pytest.raises(OSError, match="predictions.jsonl was written to by another run; let one run at a time use an"):
        other.add({"image": str(images[1]), "files": []})
    one.add({"image": str(images[2]), "files": []})
    assert [record["image"] for record in one.records(map(str, images))] == [str(images[0]), str(images[2])]


def test_a_full_disk_is_told_with_the_file_and_a_new_call_goes_on(out, images, monkeypatch):
    kept = fill(out, images[:1])

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("mt_transunet.engines.journal.os.fsync", full)
        with pytest.raises(OSError, match="No space left on device; free some space or name another output_dir"):
            kept.add({"image": images[1], "files": [], "row": {}})
    again = journal(out)
    again.add({"image": images[1], "files": [], "row": {"number": 1}})
    assert [record["row"]["number"] for record in again.records(images)] == [0, 1]
