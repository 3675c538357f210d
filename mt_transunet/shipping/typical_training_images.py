# SPDX-License-Identifier: Apache-2.0
"""What the images of a training look like, to tell others from them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from tqdm import tqdm

from ..data import load_datalist
from ..data.image_digest import image_digest
from ..data.roots import DatasetDir
from ..engines.pictures import photograph
from ..quality import FEWEST_TYPICAL, TypicalImages

__all__ = ["typical_training_images"]

TYPICAL_SIDE = 512
"""Longest side at which training images are described; what is described does not depend on it much."""


def typical_training_images(dataset_dir: DatasetDir, *, among: Collection[str] | None = None) -> TypicalImages | None:
    """Describe the images with a mask of a dataset's training split; None where they are too few to say.

    Args:
        dataset_dir: as of a training.
        among: ``image_digest`` of those to describe; None takes all. A list may have changed since it was trained on.

    Raises:
        DataError: no such dataset, or one that cannot be read.
        ValueError: images that are copies of a few.
    """
    items = load_datalist(dataset_dir, splits="training")["training"]
    paths = [item["image"] for item in items if among is None or image_digest(item) in among]
    if len(paths) < FEWEST_TYPICAL:
        return None
    return TypicalImages.fit(
        np.asarray(photograph(path, TYPICAL_SIDE)) for path in tqdm(paths, desc="looking at images", leave=False)
    )
