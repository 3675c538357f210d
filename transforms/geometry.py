# SPDX-License-Identifier: Apache-2.0
"""Random geometry that moves image and mask together."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import cv2
import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform, Randomizable
from monai.utils import ensure_tuple

__all__ = ["RandCentralCropd", "RandLesionAffined"]


def _as_numpy(image: torch.Tensor | np.ndarray) -> np.ndarray:
    return image.as_tensor().cpu().numpy() if isinstance(image, MetaTensor) else np.asarray(image)


class RandCentralCropd(MapTransform, Randomizable):
    """The paper's multi-scale crop: the same margin of pixels off all four sides (section 4.2 and ``dataset.py``).

    The margin is drawn from {step, 2 step, ...} strictly below (W/2 + H/2) / 4 and below half of the shorter side;
    an image too small for any margin stays whole.

    Shape:
        (C, H, W) -> (C, H - 2m, W - 2m), the same m for every key.
    """

    def __init__(
        self, keys: KeysCollection, *, prob: float = 0.5, step: int = 30, allow_missing_keys: bool = False
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.prob = prob
        self.step = step

    def margins(self, height: int, width: int) -> list[int]:
        """Margins in pixels that may be drawn for an image of this size."""
        below = min((width / 2 + height / 2) / 4, min(height, width) / 2)
        return [margin for margin in range(self.step, max(height, width), self.step) if margin < below]

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        result = dict(data)
        height, width = result[self.first_key(result)].shape[-2:]
        margins = self.margins(height, width)
        # always the same number of draws, so that the sequence does not depend on the image's size
        apply, position = self.R.uniform(), self.R.uniform()
        if apply >= self.prob or not margins:
            return result
        margin = margins[int(position * len(margins))]
        for key in self.key_iterator(result):
            result[key] = result[key][..., margin : height - margin, margin : width - margin]
        return result


class RandLesionAffined(MapTransform, Randomizable):
    """Random rotation, zoom, aspect, shift and mirror in one interpolation, to a fixed size.

    One warp of image and mask takes a fraction of the time of ``monai.transforms.Resized``, ``RandAffined`` and
    ``RandFlipd`` (``benchmarks/transforms.py`` measures it), and blurs once. What lies beyond the image is mirrored.
    Images are averaged down to twice the output's size at most; from there the warp samples points, so that fine
    texture is stronger than where inference averages (``bundle/docs/experiments.md``: averaging here gains nothing).

    Args:
        nearest_keys: those of ``keys`` that are masks and not interpolated; ``()`` where there is none.
        spatial_size: side of the square output, pixels.
        rotate: largest angle to either side, radians.
        zoom: range of the drawn zoom, the smaller one first; above 1 the lesion appears larger.
        aspect: the drawn ratio of the axes lies in [1 / aspect, aspect].
        shift: largest shift to either side, as a part of the side.
        mirror: whether to mirror left-right with probability one half (with rotation this reaches every symmetry).

    Raises:
        ValueError: ``zoom`` is no range of positive numbers, or none of several keys is in ``nearest_keys``.

    Shape:
        (C, H, W) uint8 or float32 -> (C, spatial_size, spatial_size).
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        spatial_size: int,
        nearest_keys: KeysCollection = ("mask",),
        rotate: float = np.pi,
        zoom: tuple[float, float] = (0.75, 1.15),
        aspect: float = 1.1,
        shift: float = 0.05,
        mirror: bool = True,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        if np.shape(zoom) != (2,) or not 0 < zoom[0] <= zoom[1]:
            raise ValueError(f"zoom must be two positive numbers, the smaller one first, got {zoom}; try [0.75, 1.15]")
        self.spatial_size = spatial_size
        self.nearest_keys = ensure_tuple(nearest_keys)
        if len(self.keys) > 1 and self.nearest_keys and not set(self.nearest_keys) & set(self.keys):
            raise ValueError(
                f"nearest_keys {self.nearest_keys} are none of the keys {self.keys}: name the masks, or () for none"
            )
        self.rotate, self.zoom, self.aspect, self.shift, self.mirror = rotate, zoom, aspect, shift, mirror

    def randomize(self, data: object | None = None) -> np.ndarray:
        """Draw the 2x2 map (and shift, 2x3 in all) in unit-square coordinates centred on the image, (x, y)."""
        angle = self.R.uniform(-self.rotate, self.rotate)
        zoom = np.exp(self.R.uniform(*np.log(self.zoom)))
        stretch = np.exp(self.R.uniform(-1, 1) * np.log(self.aspect) / 2)
        flip = -1.0 if self.mirror and self.R.uniform() < 0.5 else 1.0
        shift = self.R.uniform(-self.shift, self.shift, size=2)
        cos, sin = np.cos(angle), np.sin(angle)
        rotation = np.array([[cos, -sin], [sin, cos]])
        linear = rotation @ np.diag([flip * zoom * stretch, zoom / stretch])
        return np.column_stack([linear, shift])

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        result = dict(data)
        unit_map = self.randomize()
        for key in self.key_iterator(result):
            result[key] = torch.from_numpy(self._warp(_as_numpy(result[key]), unit_map, key in self.nearest_keys))
        return result

    def _warp(self, image: np.ndarray, unit_map: np.ndarray, nearest: bool) -> np.ndarray:
        plane = np.ascontiguousarray(np.moveaxis(image, 0, -1))  # (C, H, W) -> (H, W, C)
        size = self.spatial_size
        if max(plane.shape[:2]) > 2 * size:  # a warp samples points: a photograph would alias
            top = plane.max()
            height, width = (min(side, 2 * size) for side in plane.shape[:2])
            plane = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
            plane = np.where(plane > top / 2, top, 0).astype(plane.dtype) if nearest else plane
        height, width = plane.shape[:2]
        # pixel (x, y) of the source -> unit square -> unit_map -> pixel of the target; centres lie at +0.5
        to_unit = np.array([[1 / width, 0, 0.5 / width - 0.5], [0, 1 / height, 0.5 / height - 0.5], [0, 0, 1]])
        to_target = np.array([[size, 0, size / 2 - 0.5], [0, size, size / 2 - 0.5], [0, 0, 1]])
        forward = (to_target @ np.vstack([unit_map, [0, 0, 1]]) @ to_unit)[:2]
        flags = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
        warped = cv2.warpAffine(plane, forward, (size, size), flags=flags, borderMode=cv2.BORDER_REFLECT)
        return np.ascontiguousarray(np.moveaxis(np.atleast_3d(warped), -1, 0))
