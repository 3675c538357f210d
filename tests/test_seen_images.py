# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import pytest

from mt_transunet.atomic import write_json
from mt_transunet.data.contamination import TWINS_OF_TEST_IMAGES, official_test_ids
from mt_transunet.data.image_digest import image_digest
from mt_transunet.data.items import make_item
from mt_transunet.networks import read_provenance, shipped_weights
from mt_transunet.seen_images import learned_from, list_goes_along, list_record, seen_among, write_seen_images


def image(folder: Path, name: str, content: bytes):
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return make_item(folder / name)


@pytest.fixture
def weights(tmp_path):
    """A file of weights that learned from an ISIC image and from one of a clinic's own."""
    items = [image(tmp_path / "data", "ISIC_0000001.jpg", b"one"), image(tmp_path / "data", "mole.jpg", b"two")]
    path = tmp_path / "run" / "model.pt"
    write_seen_images(path, items)
    path.write_bytes(b"weights")
    return path


def test_the_list_is_hashed_and_sorted_and_names_nobody(weights):
    lines = (weights.parent / "model.images.txt").read_text().splitlines()
    assert hashlib.sha256(b"ISIC_0000001").hexdigest()[:12] in lines and len(lines) == 2
    assert lines == sorted(lines) and all(len(line) == 12 and int(line, 16) >= 0 for line in lines)


def test_an_isic_image_is_known_in_another_size_and_spelling(weights, tmp_path):
    assert seen_among([image(tmp_path / "other", "isic_0000001_downsampled.png", b"another size")], weights) == 1


def test_any_other_image_is_known_under_another_name(weights, tmp_path):
    assert seen_among([image(tmp_path / "other", "patient7.jpg", b"two")], weights) == 1


def test_an_image_of_the_same_name_is_another_one(weights, tmp_path):
    assert seen_among([image(tmp_path / "other", "mole.jpg", b"three")], weights) == 0


def test_a_run_folder_stands_for_its_weights(weights):
    assert learned_from(weights.parent) == learned_from(weights)


def test_what_is_known_is_warned_of_by_name(weights, tmp_path, caplog):
    items = [image(tmp_path / "other", "patient7.jpg", b"two"), image(tmp_path / "other", "patient8.jpg", b"new")]
    with caplog.at_level(logging.WARNING):
        seen_among(items, weights)
    (record,) = caplog.records
    assert "1 of the 2 images" in record.message and "patient7" in record.message and "patient8" not in record.message


def test_weights_without_a_list_say_nothing(tmp_path):
    (tmp_path / "model.pt").write_bytes(b"weights")
    assert seen_among([image(tmp_path / "data", "mole.jpg", b"two")], tmp_path / "model.pt") is None


def test_a_run_has_learned_from_what_its_initial_weights_have(weights, tmp_path):
    later = tmp_path / "later" / "model.pt"
    write_seen_images(later, [image(tmp_path / "data", "new.jpg", b"new")], learned_from(weights))
    later.write_bytes(b"weights")
    assert learned_from(later) > learned_from(weights) and len(learned_from(later)) == 3


def test_an_ensemble_has_learned_from_what_any_member_has(weights, tmp_path):
    later = tmp_path / "later" / "model.pt"
    write_seen_images(later, [image(tmp_path / "data", "new.jpg", b"new")])
    later.write_bytes(b"weights")
    assert seen_among([image(tmp_path / "data", "new.jpg", b"new")], [weights, later]) == 1


def test_what_started_from_weights_without_a_list_has_none(weights, tmp_path):
    unknown = tmp_path / "unknown.pt"
    unknown.write_bytes(b"weights")
    write_seen_images(weights, [image(tmp_path / "data", "new.jpg", b"new")], learned_from(unknown))
    assert learned_from(weights) is None and not (weights.parent / "model.images.txt").exists()


def test_the_list_goes_along_with_weights_made_of_others(weights, tmp_path):
    made, unknown = tmp_path / "mean.pt", tmp_path / "unknown.pt"
    unknown.write_bytes(b"weights")
    for sources, expected in (([weights, weights], learned_from(weights)), ([weights, unknown], None)):
        with list_goes_along(sources, made):
            made.write_bytes(b"weights")
        assert learned_from(made) == expected  # the second time no list of the first is left


def test_weights_replaced_by_themselves_keep_their_list(weights):
    before = learned_from(weights)
    with list_goes_along(weights, weights):
        weights.write_bytes(b"half as many")
    assert learned_from(weights) == before


def test_a_kill_before_the_weights_are_written_leaves_no_list_of_others(weights, tmp_path):
    made = tmp_path / "mean.pt"
    with list_goes_along(weights, made):
        made.write_bytes(b"weights")
    with pytest.raises(OSError), list_goes_along(weights, made):
        raise OSError("killed")
    assert learned_from(made) is None


def test_files_that_begin_and_end_alike_are_told_apart_by_their_middle(tmp_path):
    # two uncompressed photographs of one size in a dark frame
    frame = bytes(100_000)
    one, other = (image(tmp_path, f"{name}.bmp", frame + name.encode() * 200_000 + frame) for name in "ab")
    assert image_digest(one) != image_digest(other)


def test_the_shipped_weights_have_learned_from_no_image_of_the_official_test_split(tmp_path):
    split = [make_item(tmp_path / f"{name}.jpg") for name in official_test_ids() | TWINS_OF_TEST_IMAGES]
    assert len(split) == 602 and seen_among(split, shipped_weights("lite")) == 0


def test_a_list_that_the_record_does_not_describe_is_refused(weights):
    write_json(weights.with_suffix(".json"), {"sha256": "", "learned_from": list_record(weights)})
    lines = weights.parent / "model.images.txt"
    lines.write_bytes(lines.read_bytes().replace(b"\n", b"\r\n"))  # as git may have it on Windows
    assert len(learned_from(weights)) == 2
    with open(lines, "a") as file:
        file.write("0123456789ab\n")
    with pytest.raises(ValueError, match="model.images.txt is not the list that the record of .* describes"):
        learned_from(weights)


def test_the_record_of_shipped_weights_counts_what_they_learned_from():
    record = read_provenance(shipped_weights("lite"))["learned_from"]
    assert record == list_record(shipped_weights("lite")) and record["images"] == 2213  # 1,997 with masks, 216 without


def test_the_shipped_weights_know_the_challenge_s_training_images(tmp_path):
    assert seen_among([make_item(tmp_path / "ISIC_0000000.jpg")], shipped_weights("lite")) == 1
