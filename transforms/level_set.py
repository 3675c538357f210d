# SPDX-License-Identifier: Apache-2.0
"""Signed-distance level sets: how far each pixel lies from the border of the lesion."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from copy import deepcopy

import cv2
import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform, Transform
from monai.utils import convert_to_numpy, ensure_tuple

__all__ = ["signed_distance", "LevelSet", "LevelSetd"]


def signed_distance(mask: np.ndarray, *, normalize: bool = True) -> np.ndarray:
    """Signed Euclidean distance to the lesion border, negative inside, Eq. 4.

    ``d_out / max(d_out) - d_in / max(d_in)``, where ``d_out`` is the distance of a background pixel to the nearest
    lesion pixel and ``d_in`` the distance of a lesion pixel to the nearest background pixel. Lesion pixels with a
    background pixel among their four neighbours are 0, as in ``compute_sdf`` of the authors' code.

    Differs from the paper: Eq. 4 is in pixels, which a tanh cannot reach, so each side is divided by its own
    maximum, as the authors' code does. An empty mask gives +1 everywhere and a full one -1 (the authors' code gives 0
    and NaN).

    Args:
        mask: (H, W), non-zero inside the lesion.
        normalize: ``False`` keeps pixels: then an empty mask gives +hypot(H, W) and a full one -hypot(H, W).

    Returns:
        float32 (H, W), in [-1, 1] when normalized.

    Raises:
        ValueError: if ``mask`` is not two-dimensional.
    """
    if mask.ndim != 2:
        raise ValueError(f"mask must have the shape (H, W), got {mask.shape}; drop the channel axis first")
    inside = np.ascontiguousarray(mask != 0, dtype=np.uint8)
    lesion_pixels = int(inside.sum())
    if lesion_pixels in (0, inside.size):
        far = 1.0 if normalize else float(np.hypot(*mask.shape))
        return np.full(mask.shape, far if lesion_pixels == 0 else -far, dtype=np.float32)
    distance_out = _distance_to_zero(1 - inside)
    distance_in = _distance_to_zero(inside)
    on_border = distance_in == 1.0  # exactly the lesion pixels with a background pixel among four neighbours
    if normalize:
        distance_out /= distance_out.max()
        distance_in /= distance_in.max()
    level_set = distance_out - distance_in
    level_set[on_border] = 0.0
    return level_set


def _distance_to_zero(mask: np.ndarray) -> np.ndarray:
    """Euclidean distance of every pixel to the nearest 0, float32: exact up to 2,000 pixels, to 1e-6 beyond."""
    # faster than scipy's (benchmarks/transforms.py)
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # OpenCV's square root may be off in the last bit; what stands below it is an integer
    return np.sqrt(np.rint(distance * distance))


class LevelSet(Transform):
    """Level set of a channel-first mask; see :func:`signed_distance`.

    Shape:
        (1, H, W) mask, lesion where >= ``threshold`` -> (1, H, W) float32, negative inside.
    """

    def __init__(self, *, normalize: bool = True, threshold: float = 0.5) -> None:
        self.normalize = normalize
        self.threshold = threshold

    def __call__(self, mask: np.ndarray | torch.Tensor) -> torch.Tensor:
        if mask.ndim != 3 or mask.shape[0] != 1:
            raise ValueError(f"mask must have the shape (1, H, W), got {tuple(mask.shape)}; give one mask at a time")
        plane = convert_to_numpy(mask[0]) >= self.threshold
        level_set = torch.from_numpy(signed_distance(plane, normalize=self.normalize)[None])
        if isinstance(mask, torch.Tensor):
            level_set = level_set.to(mask.device)
        return MetaTensor(level_set, meta=deepcopy(mask.meta)) if isinstance(mask, MetaTensor) else level_set


class LevelSetd(MapTransform):
    """Dictionary form of :class:`LevelSet`: writes the level set of each of ``keys`` to its own of ``target_key``.

    Put it after all geometry: a resampled level set is no longer a distance.

    Raises:
        ValueError: there is not one target for each key.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        target_key: KeysCollection = "level_set",
        normalize: bool = True,
        threshold: float = 0.5,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.target_keys = ensure_tuple(target_key)
        if len(set(self.target_keys)) != len(self.keys):
            raise ValueError(
                f"target_key {target_key!r} must name one target for each of {', '.join(map(str, self.keys))}"
            )
        self.transform = LevelSet(normalize=normalize, threshold=threshold)

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        result = dict(data)
        for key, target in self.key_iterator(result, self.target_keys):
            result[target] = self.transform(result[key])
        return result
