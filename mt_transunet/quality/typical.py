# SPDX-License-Identifier: Apache-2.0
"""How far an image lies from those a network was trained on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .description import FEATURES, describe
from .reduction import require_rgb

__all__ = ["FEWEST_TYPICAL", "TypicalImages"]

# Of the training images themselves this share lies within the limit: one in two hundred is called unlike the others.
_WITHIN = 0.995
# Three for each number of the description: fewer say little about how these vary together.
FEWEST_TYPICAL = 3 * len(FEATURES)


@dataclass(frozen=True, eq=False)
class TypicalImages:
    """A normal distribution of the description of images, with the distance up to which they count as typical.

    The Mahalanobis distance, as K. Lee et al., "A Simple Unified Framework for Detecting Out-of-Distribution Samples"
    (NeurIPS 2018) use it, though of eleven plain properties of the picture (``describe``), not of a network's
    features: it needs no network, and a person can be told what differs.

    It tells pictures of another kind (scans, grey images, landscapes, noise); one with the colours and the layout of
    dermoscopy is not recognised as something else by it, nor is every one with colours that skin never has
    (``bundle/docs/inference.md`` has shares).

    Attributes:
        mean: (F,), of the description.
        inverse_covariance: (F, F).
        limit: distance beyond which an image is unlike those it was fitted to.
        n: how many those were.
        names: of the F numbers of the description.
    """

    mean: np.ndarray
    inverse_covariance: np.ndarray
    limit: float
    n: int
    names: tuple[str, ...] = FEATURES

    @classmethod
    def fit(cls, images: Iterable[np.ndarray]) -> TypicalImages:
        """Describe images one by one, (H, W, 3) uint8 of any size.

        The limit is the 99.5 percent quantile of the images' own distances, each measured as if the image had been
        left out of the fit: otherwise it would be too low for others when the images are few.

        Raises:
            ValueError: for fewer than 33 images, or images that are all alike in one of the numbers.
        """
        descriptions = np.array([_described(image) for image in images])
        n = len(descriptions)
        if n < FEWEST_TYPICAL:
            raise ValueError(f"at least {FEWEST_TYPICAL} images are needed to say what is typical, got {n}; add images")
        mean, covariance = descriptions.mean(axis=0), np.cov(descriptions, rowvar=False)
        if np.linalg.matrix_rank(covariance, hermitian=True) < len(FEATURES):
            raise ValueError("the images vary in fewer ways than are described; got copies of a few images, add others")
        inverse = np.linalg.inv(covariance)
        distances = _left_out(_squared(descriptions - mean, inverse), n)
        return cls(mean, inverse, float(np.quantile(distances, _WITHIN)), n)

    def distance(self, image: np.ndarray) -> float:
        """Mahalanobis distance of an image (H, W, 3) uint8 from the mean, in standard deviations; 0 or more."""
        return float(np.sqrt(_squared(_described(image) - self.mean, self.inverse_covariance)))

    def to_json(self) -> dict[str, Any]:
        """The fields as plain numbers, lists and strings."""
        return {
            "mean": self.mean.tolist(),
            "inverse_covariance": self.inverse_covariance.tolist(),
            "limit": self.limit,
            "n": self.n,
            "names": list(self.names),
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> TypicalImages:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError: if the fields describe images by other numbers than this version does.
        """
        if tuple(fields["names"]) != FEATURES:
            raise ValueError(f"names must be {FEATURES}, got {tuple(fields['names'])}; fit the images again")
        return cls(
            np.array(fields["mean"]), np.array(fields["inverse_covariance"]), float(fields["limit"]), int(fields["n"])
        )


def _described(image: np.ndarray) -> np.ndarray:
    require_rgb(image)
    return describe(image)


def _squared(offsets: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    return np.einsum("...i,ij,...j->...", offsets, inverse, offsets)


def _left_out(squared: np.ndarray, n: int) -> np.ndarray:
    """Distance of each of the n images from the fit to the others, from its squared distance within the fit to all.

    Leaving out one image takes n/(n-1) of its outer product from (n-1) covariance; Sherman and Morrison's formula
    inverts the difference.
    """
    leverage = squared / (n - 1)
    # zero, but for rounding, for an image that alone varies in some way: infinitely far from the others
    remaining = np.maximum(1 - n / (n - 1) * leverage, 1e-9)
    return n / (n - 1) * np.sqrt((n - 2) * leverage / remaining)
