# SPDX-License-Identifier: Apache-2.0
"""What corrections of a photograph have in common: which images they take, and that all but the pixels is kept."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Mapping

import numpy as np
import torch
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type, convert_to_numpy

__all__ = ["PhotographCorrectiond"]


class PhotographCorrectiond(MapTransform):
    """Replaces the pixels of an RGB image and nothing else: type, device, metadata and applied operations stay.

    It leaves no trace in the applied operations, for there is no geometry in it to invert.

    Shape:
        (3, H, W) uint8, or float in [0, 255] -> the same, as the array, tensor or MetaTensor it was.

    Raises:
        ValueError: for anything but three channels of such values.
    """

    @abstractmethod
    def correct(self, image: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8, or float32 in [0, 255] -> (H, W, 3) of any numeric type, rounded and clipped by the caller.

        ``image`` itself must stay as it is.
        """
        raise NotImplementedError

    def __call__(self, data: Mapping[Hashable, np.ndarray | torch.Tensor]) -> dict[Hashable, np.ndarray | torch.Tensor]:
        result = dict(data)
        for key in self.key_iterator(result):
            planes = convert_to_numpy(result[key])
            _check(planes)
            integral = planes.dtype == np.uint8
            image = np.moveaxis(planes if integral else planes.astype(np.float32), 0, -1)  # (3, H, W) -> (H, W, 3)
            corrected = np.moveaxis(self.correct(np.ascontiguousarray(image)), -1, 0)
            if corrected.dtype != np.uint8:
                corrected = np.clip(np.rint(corrected) if integral else corrected, 0, 255)
            result[key] = convert_to_dst_type(np.ascontiguousarray(corrected), result[key])[0]
        return result


def _check(planes: np.ndarray) -> None:
    got = f"got {planes.shape} {planes.dtype}"
    if planes.ndim != 3 or planes.shape[0] != 3 or not planes.size:
        raise ValueError(f"an RGB image (3, H, W) is needed, {got}; load it with three channels, channels first")
    if planes.dtype == np.uint8:
        return
    if not np.issubdtype(planes.dtype, np.floating):
        raise ValueError(f"values must be uint8 or float, {got}; convert the image first")
    low, high = float(planes.min()), float(planes.max())
    # an image in [0, 1] is in range but would pass for black
    if not (low >= 0 and high <= 255) or 0 < high <= 1:
        raise ValueError(f"values must span [0, 255], got [{low:g}, {high:g}]; put this before intensities are scaled")
