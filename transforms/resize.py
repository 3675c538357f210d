# SPDX-License-Identifier: Apache-2.0
"""Resizing photographs without aliasing, and back."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import InvertibleTransform, MapTransform
from monai.utils import TraceKeys, ensure_tuple_rep
from torch.nn import functional as F

__all__ = ["AntialiasedResized"]


class AntialiasedResized(MapTransform, InvertibleTransform):
    """Resize to ``spatial_size`` without keeping the aspect, averaging over source pixels when shrinking.

    ``monai.transforms.Resized`` smooths with a Gaussian first, a hundred times slower on a large photograph
    (``benchmarks/transforms.py``), or aliases. Its
    inverse interpolates (never averages), so that ``Invertd`` brings a probability map to the image's own size.
    Keys that are absent are left out when ``allow_missing_keys``.

    Shape:
        (C, H, W) uint8 or float -> (C, *spatial_size), same type. ``mode`` per key: ``bilinear``, ``bicubic`` or
        ``nearest-exact`` (for masks).
    """

    def __init__(
        self,
        keys: KeysCollection,
        spatial_size: Sequence[int] | int,
        *,
        mode: Sequence[str] | str = "bilinear",
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.spatial_size = ensure_tuple_rep(spatial_size, 2)
        self.mode = ensure_tuple_rep(mode, len(self.keys))

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        result = dict(data)
        for key, mode in self.key_iterator(result, self.mode):
            original_size = tuple(result[key].shape[-2:])
            result[key] = self._resize(result[key], self.spatial_size, mode, antialias=mode != "nearest-exact")
            # orig_size by hand: push_transform would record the size after the resize
            self.push_transform(result, key, orig_size=original_size, extra_info={"mode": mode})
        return result

    def inverse(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        result = dict(data)
        for key in self.key_iterator(result):
            applied = self.pop_transform(result, key)
            original_size = applied[TraceKeys.ORIG_SIZE]
            result[key] = self._resize(result[key], original_size, applied[TraceKeys.EXTRA_INFO]["mode"], False)
        return result

    @staticmethod
    def _resize(image: torch.Tensor, size: Sequence[int], mode: str, antialias: bool) -> torch.Tensor:
        plain = image.as_tensor() if isinstance(image, MetaTensor) else torch.as_tensor(image)
        resized = F.interpolate(plain[None], size=tuple(size), mode=mode, antialias=antialias)[0]
        if not isinstance(image, MetaTensor):
            return resized
        return MetaTensor(resized, meta=image.meta, applied_operations=image.applied_operations)
