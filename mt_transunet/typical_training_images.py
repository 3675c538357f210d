# SPDX-License-Identifier: Apache-2.0
"""What the images of a training look like, to tell others from them."""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from .data import load_datalist
from .data.roots import DatasetDir
from .engines.pictures import photograph
from .quality import FEWEST_TYPICAL, TypicalImages

__all__ = ["typical_training_images"]

TYPICAL_SIDE = 512
"""Longest side at which training images are described; what is described does not depend on it much."""


def typical_training_images(dataset_dir: DatasetDir) -> TypicalImages | None:
    """Describe the images with a mask of a dataset's training split; None where they are too few to say.

    Raises:
        DataError: no such dataset, or one that cannot be read.
        ValueError: images that are copies of a few.
    """
    paths = [item["image"] for item in load_datalist(dataset_dir, splits="training")["training"]]
    if len(paths) < FEWEST_TYPICAL:
        return None
    return TypicalImages.fit(
        np.asarray(photograph(path, TYPICAL_SIDE)) for path in tqdm(paths, desc="looking at images", leave=False)
    )
