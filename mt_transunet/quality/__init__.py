# SPDX-License-Identifier: Apache-2.0
"""Which results to believe: flags of the photograph, and how sure the network is of its mask."""

from __future__ import annotations

from .confidence import Confidenced
from .flags import DOUBTFUL_MASK, EXIF_ROTATED, FLAGS, SEEN_IN_TRAINING, flag_words, image_flags
from .predicted_dice import FEWEST_IMAGES, DicePredictor
from .typical import FEWEST_TYPICAL, TypicalImages

__all__ = [
    "DOUBTFUL_MASK",
    "EXIF_ROTATED",
    "FEWEST_IMAGES",
    "FEWEST_TYPICAL",
    "FLAGS",
    "SEEN_IN_TRAINING",
    "Confidenced",
    "DicePredictor",
    "TypicalImages",
    "flag_words",
    "image_flags",
]
