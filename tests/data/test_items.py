# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib

import pytest

from mt_transunet.data import DataError, ids_hash, only

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
