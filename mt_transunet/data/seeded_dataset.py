# SPDX-License-Identifier: Apache-2.0
"""A dataset whose random draws depend on (seed, epoch, index), and whose errors name the file at fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from monai.data import Dataset
from PIL import Image

from ..mask_values import lost_lesion, mask_values
from .annotations import as_items
from .errors import DataError
from .items import Item
from .reading import decode_problem
from .sampler import DrawKey

_LISTED = "`mt-transunet check-data` lists all such files"


class SeededDataset(Dataset):
    """MONAI's dataset, reseeded before every item.

    Which worker loads an item, how many workers there are and what they loaded before changes nothing,
    so a run that was killed sees the same images. Reseeding walks all the transforms (MONAI's
    ``Compose.set_random_state``) and costs about 0.1 ms for each random one, NumPy's price for a generator.

    Args:
        data: items with ``image`` and perhaps ``mask``, or those of an annotation server (:func:`as_items`).
        transform: a callable, or several, as for MONAI's dataset.
        seed: non-negative; the same as the sampler's.
    """

    def __init__(
        self, data: Sequence[Item], transform: Sequence[Callable] | Callable | None = None, *, seed: int = 0
    ) -> None:
        if seed < 0:
            raise ValueError(f"seed must not be negative, got {seed}")
        super().__init__(as_items(data), transform)
        self.seed = seed

    @property
    def with_mask(self) -> int:
        """How many items have a mask; in a training list they stand first."""
        return sum("mask" in item for item in self.data)

    def __getitem__(self, key: DrawKey | int | slice | Sequence[int]) -> Any:
        """The transformed item of ``DrawKey(epoch, index)``; a plain index counts as epoch 0.

        Raises:
            DataError: the item cannot be read or transformed; names image and mask, cause and remedy.
        """
        if isinstance(key, DrawKey):
            return self._draw(*key)
        if isinstance(key, (int, np.integer)):
            return self._draw(0, range(len(self))[key])  # the range turns -1 into the last index
        return super().__getitem__(key)

    def _draw(self, epoch: int, index: int) -> Any:
        seed = np.random.SeedSequence([self.seed, epoch, index]).generate_state(1)[0]
        self.transform.set_random_state(seed=int(seed))
        try:
            return self._transform(index)
        except Exception as error:
            file_problem = _file_problem(self.data[index])
            if file_problem:  # the file explains it, a trace through the transforms does not
                raise DataError(file_problem) from None
            raise DataError(_transform_problem(self.data[index], error)) from error


def _file_problem(item: Item) -> str | None:
    for role in ("image", "mask"):
        reason = decode_problem(item[role]) if role in item else None
        if reason is not None:
            broken = re.search("truncated|broken", reason, re.IGNORECASE)
            what = (
                f"{role} file is truncated ({reason}); re-download it" if broken else f"{role} ({reason}); replace it"
            )
            kind = "" if broken else "not a readable "
            return f"{_name(item)}: {kind}{what} or remove it; {_LISTED}"
    lost = _lost_lesion(item["mask"]) if "mask" in item else None
    return f"{_name(item)}: {lost}; {_LISTED}" if lost else None


def _lost_lesion(mask: str) -> str | None:
    """What the converter has said of a mask already, and MONAI's reader has buried under what other readers say."""
    try:
        with Image.open(mask) as image:
            return lost_lesion(mask_values(image))
    except Exception:  # of a kind that cannot be converted, which is another failure
        return None


def _transform_problem(item: Item, error: BaseException) -> str:
    root = error
    while root.__cause__ or root.__context__:
        root = root.__cause__ or root.__context__
    return f"{_name(item)}: cannot be prepared ({type(root).__name__}: {root}); remove it or correct the transforms"


def _name(item: Item) -> str:
    return f"image {item.get('image')}" + (f" with mask {item['mask']}" if "mask" in item else "")
