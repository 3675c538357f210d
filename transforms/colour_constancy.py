# SPDX-License-Identifier: Apache-2.0
"""Colour constancy: taking the colour of the lamp out of a photograph."""

from __future__ import annotations

import cv2
import numpy as np
from monai.config import KeysCollection

from .photograph import PhotographCorrectiond

__all__ = ["ShadesOfGreyd", "illuminant"]


def illuminant(image: np.ndarray, *, norm: float = 6.0) -> np.ndarray:
    """Colour of the light by Shades of Gray: ``mean(values ** norm) ** (1 / norm)`` of each channel, a Minkowski mean.

    G. D. Finlayson, E. Trezzi, "Shades of Gray and Colour Constancy", Color Imaging Conference 2004, whose best norm
    is 6. Norm 1 is the grey world; the higher, the nearer to the brightest value (max-RGB). Black corners lower all
    three channels by the same factor, so that the colour stays; saturated pixels pull it towards white.

    Args:
        image: (H, W, 3), uint8 or float in [0, 255].
        norm: 1 or more.

    Returns:
        float64 (3,), in [0, 1].
    """
    powers = cv2.pow(image.astype(np.float32) / 255, norm)
    return np.array(cv2.mean(powers)[:3]) ** (1 / norm)


class ShadesOfGreyd(PhotographCorrectiond):
    """Scales the channels (von Kries) so that the estimated light becomes grey of the same Euclidean length.

    C. Barata, M. E. Celebi, J. S. Marques, "Improving Dermoscopy Image Classification Using Color Constancy", IEEE
    Journal of Biomedical and Health Informatics 19 (2015), compares it with three others on dermoscopy of several
    sources. The same correction belongs into training and inference: a network trained without it sees colours it
    does not know. Stored values are scaled as they are, their gamma left in.

    Args:
        norm: the Minkowski norm of the estimate, see :func:`illuminant`.
    """

    def __init__(self, keys: KeysCollection, *, norm: float = 6.0, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        if norm < 1:
            raise ValueError(f"norm must be 1 or more, got {norm}; 1 is the grey world, 6 the paper's choice")
        self.norm = norm

    def correct(self, image: np.ndarray) -> np.ndarray:
        light = illuminant(image, norm=self.norm)
        # a channel that is black throughout stays so
        gains = np.linalg.norm(light) / np.sqrt(3) / np.maximum(light, np.finfo(np.float32).tiny)
        return image * gains.astype(np.float32)
