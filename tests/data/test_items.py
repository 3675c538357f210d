# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib

import pytest

from mt_transunet.data import DataError, ids_hash, only, repeated

ITEMS = [{"image": "b.jpg", "image_id": "isic_0000002.JPG"}, {"image": "a.jpg", "image_id": "ISIC_0000001"}]


def test_the_hash_of_a_list_is_that_of_its_sorted_canonical_ids():
    expected = hashlib.sha256(b"ISIC_0000001\nISIC_0000002").hexdigest()
    assert ids_hash(ITEMS) == ids_hash(ITEMS[::-1]) == expected


def test_a_further_copy_changes_the_hash():
    assert ids_hash(ITEMS + ITEMS[:1]) != ids_hash(ITEMS)


def test_items_are_picked_by_any_spelling_of_their_id():
    assert only(ITEMS, ["ISIC_0000002"]) == ITEMS[:1]
    assert only(ITEMS, "ISIC_0000001_downsampled") == ITEMS[1:]


def test_no_ids_mean_all_items():
    assert only(ITEMS, None) is ITEMS


def test_an_id_that_is_not_there_is_named():
    with pytest.raises(DataError, match="no image with the id ISIC_0000007 among 2"):
        only(ITEMS, ["ISIC_0000001", "ISIC_0000007"])


def test_items_stand_as_often_as_their_diagnosis_says():
    items = [{"image_id": name, "label": label} for label, name in enumerate("nmk")] + [{"image_id": "unknown"}]
    names = [item["image_id"] for item in repeated(items, [1, 2, 3])]
    assert names == ["n", "m", "m", "k", "k", "k", "unknown"]


def test_without_repeats_the_list_stays():
    assert repeated(ITEMS, None) is ITEMS


@pytest.mark.parametrize("repeats", [[1, 2], [1, 0, 1], [1, 1.5, 1]])
def test_repeats_that_drop_or_split_images_are_refused(repeats):
    with pytest.raises(DataError, match="class_repeats must be 3 whole numbers from 1"):
        repeated(ITEMS, repeats)


@pytest.mark.parametrize("number", [17, 17.5])
def test_an_id_of_digits_may_come_as_a_number(number):
    items = [{"image": "a.png", "image_id": str(number)}]
    assert only(items, number) == only(items, [number]) == items
