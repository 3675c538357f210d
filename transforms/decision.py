# SPDX-License-Identifier: Apache-2.0
"""From probabilities to a mask: which pixels are called lesion."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import cv2
import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type, convert_to_tensor

__all__ = ["DECISIONS", "DecideMaskd", "decide_mask", "expected_jaccard_threshold"]

DECISIONS = ("jaccard", "half")
LOWEST, HALF = 0.2, 0.5
LEVELS = 500


class DecideMaskd(MapTransform):
    """The lesion's mask from the probabilities of background and lesion; see :func:`decide_mask`.

    Shape:
        (2, H, W), background first, each pixel summing to 1 -> (1, H, W) of 0 and 1, the type kept.

    Raises:
        ValueError: another shape, or another decision.
    """

    def __init__(self, keys: KeysCollection, *, decision: str = "jaccard", allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        _check(decision)
        self.decision = decision

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        result = dict(data)
        for key in self.key_iterator(result):
            if result[key].ndim != 3 or len(result[key]) != 2:
                raise ValueError(f"{key} must be (2, H, W), background and lesion, got {tuple(result[key].shape)}")
            probability = result[key][1:]
            mask = decide_mask(convert_to_tensor(probability, track_meta=False), self.decision)
            result[key] = convert_to_dst_type(mask, dst=probability)[0]
        return result


def decide_mask(probability: torch.Tensor, decision: str = "jaccard") -> torch.Tensor:
    """Which pixels are lesion.

    "half" calls every pixel above one half lesion, as the paper does. "jaccard" keeps one lesion and draws its border
    where the Jaccard index to be expected is largest: the pixels from :func:`expected_jaccard_threshold` on, and of
    their connected regions (diagonals connect) the one with most pixels above one half. Where no pixel is above one
    half there is no lesion either way.

    Shape:
        (1, H, W) in [0, 1] -> (1, H, W) bool.

    Raises:
        ValueError: for another decision.
    """
    _check(decision)
    certain = probability > HALF
    if decision == "half" or not bool(certain.any()):
        return certain
    mask = probability >= expected_jaccard_threshold(probability)
    # OpenCV labels a twelve-megapixel mask ten times as fast as MONAI's KeepLargestConnectedComponent.
    _, regions = cv2.connectedComponents(mask[0].cpu().numpy().astype(np.uint8), connectivity=8)
    surest = np.bincount(regions[certain[0].cpu().numpy()]).argmax()
    return torch.from_numpy(regions == surest)[None].to(mask.device)


def expected_jaccard_threshold(probability: torch.Tensor) -> float:
    """The threshold whose mask has the largest Jaccard index to be expected of these probabilities.

    For a mask m the index is estimated by the ratio of expectations, sum(p m) / (sum(m) + sum(p) - sum(p m)), after
    Nowozin, "Optimal Decisions from Probabilistic Models: the Intersection-over-Union Case" (CVPR 2014), section 3.
    A pixel is worth taking when its odds p / (1 - p) exceed the index J reached so far, so the threshold is
    J / (1 + J), never above one half; below 0.2 none is tried.

    Shape:
        any, in [0, 1] -> a multiple of 1/500 in [0.2, 0.5].
    """
    values = probability.flatten().clamp(0, 1)
    level = (values * LEVELS).int().clamp(max=LEVELS - 1)
    count = torch.bincount(level, minlength=LEVELS).cpu().double()  # MPS has no float64
    # From the top level down: how many pixels a threshold takes, and how much lesion is among them; a level's pixels
    # count as its middle.
    taken = count.flip(0).cumsum(0)
    inside = (count * (torch.arange(LEVELS) + 0.5) / LEVELS).flip(0).cumsum(0)
    expected = inside / (taken + inside[-1] - inside).clamp(min=1e-9)
    lowest, half = LEVELS - 1 - round(LEVELS * LOWEST), LEVELS - 1 - round(LEVELS * HALF)
    best = half + int(expected[half : lowest + 1].argmax())
    return (LEVELS - 1 - best) / LEVELS


def _check(decision: str) -> None:
    if decision not in DECISIONS:
        raise ValueError(f"decision is {decision!r}, known are {', '.join(DECISIONS)}")
