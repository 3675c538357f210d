# SPDX-License-Identifier: Apache-2.0
"""Keeps the official ISIC-2017 test split out of training, under whatever name it comes."""

from __future__ import annotations

import logging
from functools import lru_cache
from importlib import resources

from .errors import DataError, name_some
from .items import Item, identities

logger = logging.getLogger(__name__)

TEST_IDS_NAME = "isic2017_test_ids.txt"
TWINS_OF_TEST_IMAGES = frozenset({"ISIC_0012271", "ISIC_0012175"})
"""Training images of the challenge that are byte-identical to test images."""


class ContaminationError(DataError):
    """A list to train on holds images of the official test split."""


@lru_cache(maxsize=1)
def official_test_ids() -> frozenset[str]:
    """The 600 ids of the official ISIC-2017 test split."""
    text = resources.files(__package__).joinpath(TEST_IDS_NAME).read_text(encoding="utf-8")
    return frozenset(text.split())


def official_test_ids_among(items: list[Item]) -> list[str]:
    """The ids of the official test split that occur in ``items``, by ``image_id`` or by file name."""
    return sorted({name for item in items for name in identities(item)} & official_test_ids())


def twins_among(items: list[Item]) -> list[str]:
    """The ids of byte-identical twins of test images that occur in ``items``."""
    return sorted({name for item in items for name in identities(item)} & TWINS_OF_TEST_IMAGES)


def guard_training(streams: dict[str, list[Item]]) -> dict[str, list[Item]]:
    """Return the lists to train on without the twins of test images; one logged line says so.

    ISIC-2018 and ISIC-2019 contain almost all of the 2017 test split, so a folder made from them is
    caught here, whether its files are called ``ISIC_0012086.jpg`` or ``isic_0012086_downsampled.JPG``.

    Args:
        streams: list name -> items, training lists only (labelled and second stream).

    Raises:
        ContaminationError: naming the test ids, how many they are, and what to do.
    """
    everything = [item for items in streams.values() for item in items]
    found = official_test_ids_among(everything)
    if found:
        raise ContaminationError(
            f"{len(found)} images of the official ISIC-2017 test split are in the training data: {name_some(found)}; "
            "remove them, for any figure on that split would be worthless (ISIC-2018 and ISIC-2019 contain most of it)"
        )

    kept = {
        name: [item for item in items if not identities(item) & TWINS_OF_TEST_IMAGES] for name, items in streams.items()
    }
    twins = twins_among(everything)
    if twins:
        remain = ", ".join(f"{len(items)} {name}" for name, items in kept.items() if items)
        logger.warning(
            f"dropped {' and '.join(twins)}: byte-identical to ISIC-2017 test images; {remain or 'no'} images remain"
        )
    return kept
