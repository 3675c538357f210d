# SPDX-License-Identifier: Apache-2.0
"""What a person should know about a photograph, and the mask found in it, before believing the result."""

from __future__ import annotations

import numpy as np

from mt_transunet.transforms import hair_mask

from .focus import sharpness
from .frame import dark_frame
from .reduction import reduced, require_rgb
from .typical import TypicalImages

__all__ = ["DOUBTFUL_MASK", "EXIF_ROTATED", "FLAGS", "SEEN_IN_TRAINING", "flag_words", "image_flags"]

DOUBTFUL_MASK = "doubtful_mask"
"""Raised where the predicted Dice is among the lowest fifth of the validation images."""

EXIF_ROTATED = "exif_rotated"
"""Raised where the file asks viewers to turn the photograph."""

SEEN_IN_TRAINING = "seen_in_training"
"""Raised where the weights learned from this very image."""

FLAGS = {
    "no_lesion": "No lesion was found, or only a speck: check that one is in the picture, and take it from nearer.",
    "touches_border": "The lesion runs out of the picture, so that its size and shape are cut off: take it from "
    "farther away.",
    "low_resolution": "The picture has too few pixels to tell diagnoses apart: take the photograph in its full size.",
    "out_of_focus": "The picture is out of focus, fine structures cannot be seen: take it again.",
    "dark_corners": "The black frame of the dermatoscope covers part of the picture: crop it, or zoom in, if the mask "
    "follows it.",
    "hair": "Hairs cover part of the picture and may be taken for the lesion or hide its border: check the mask, or "
    "shave and take it again.",
    "unlike_training": "The picture differs in colour, contrast or layout from those the network was trained on: do "
    "not rely on the result.",
    DOUBTFUL_MASK: "The views, or mask and level set, disagree more than in four fifths of the validation images: look "
    "at the mask before using it.",
    EXIF_ROTATED: "The file asks viewers to turn it (EXIF orientation), which was not done: mask and overlay fit its "
    "pixels as they are stored, so lay them over these.",
    SEEN_IN_TRAINING: "The weights learned from this very image: what they say of it does not show how good they are "
    "on others.",
}
"""Each flag, in the order in which they are raised, with what it means and what to do about it. All but the last
three are raised by ``image_flags``, from the photograph and its mask alone."""

# The rates below are of 300 random ISIC-2017 training images (256x256) with their masks.
_SPECK = 0.001
"""Smallest share of the image that is a lesion; their smallest covers 0.0045."""
_EDGE = 0.01
"""Width of the border, share of the shorter side: predicted masks often end a pixel or two before the edge."""
_CUT_OFF = 0.03
"""Share of the border. 6 percent of the images lie above; those below merely graze an edge, with up to an eighth."""
_FEW_PIXELS = 160
"""Shorter side in pixels. Validation images reduced to it keep their figures; at 128 the probabilities of release
0.4's weights are off by more than chance allows, at 64 by 0.29 (bundle/docs/experiments.md)."""
_BLURRED = 0.28
"""Sharpness. All but 0.3 percent lie above; after a Gaussian blur of 0.6 percent of the side all lie below."""
_FRAMED = 0.013
"""Share of the image. 7 percent lie above, all with a black frame or corner in sight; slivers stay below."""
_HAIRY = 0.04
"""Share of the image. 13 percent lie above, all visibly hairy; a ruler alone covers 0.01, a ring of ink 0.03."""

_HAIR_SIDE = 512
_FRAME_SIDE = 256


def flag_words(name: str) -> str:
    """A flag as every page shows it, known as its name in a table by everyone who has seen either."""
    return name.replace("_", " ")


def image_flags(image: np.ndarray, mask: np.ndarray, *, typical: TypicalImages | None = None) -> dict[str, float]:
    """Flags of an image and its mask; most images raise none.

    All but ``low_resolution`` are measured at a fixed scale, so that an image of 64 pixels and one of 4000 are judged
    alike.

    Args:
        image: (H, W, 3) uint8, RGB.
        mask: (H, W) bool, True on the lesion.
        typical: what the network was trained on; without it ``unlike_training`` is never raised.

    Returns:
        Name of each flag raised -> the value that raised it, in the order of ``FLAGS``: for ``no_lesion`` the lesion's
        share of the image; for ``touches_border`` its share of a border of 1 percent of the shorter side; for
        ``low_resolution`` the shorter side in pixels; for ``out_of_focus`` the sharpness (see ``sharpness``); for
        ``dark_corners`` and ``hair`` their share of the image; for ``unlike_training`` the distance in standard
        deviations (see ``TypicalImages``).

    Raises:
        ValueError: for any other image or mask.
    """
    require_rgb(image)
    if mask.dtype != bool or mask.shape != image.shape[:2]:
        raise ValueError(
            f"mask must be bool {image.shape[:2]} as the image is, got {mask.dtype} {mask.shape}; "
            "resize it to the image, and compare it with a threshold"
        )
    lesion, border, focus = float(mask.mean()), _border_share(mask), sharpness(image)
    frame = float(dark_frame(reduced(image, _FRAME_SIDE)).mean())
    hair = float(hair_mask(reduced(image, _HAIR_SIDE)).mean())
    distance = typical.distance(image) if typical else 0.0
    side = float(min(mask.shape))
    found = {
        "no_lesion": (lesion, lesion < _SPECK),
        "touches_border": (border, border > _CUT_OFF),
        "low_resolution": (side, side < _FEW_PIXELS),
        "out_of_focus": (focus, focus < _BLURRED),
        "dark_corners": (frame, frame > _FRAMED),
        "hair": (hair, hair > _HAIRY),
        "unlike_training": (distance, typical is not None and distance > typical.limit),
    }
    return {name: value for name, (value, raised) in found.items() if raised}


def _border_share(mask: np.ndarray) -> float:
    width = max(round(_EDGE * min(mask.shape)), 1)
    border = np.ones_like(mask)
    border[width:-width, width:-width] = False
    return float(mask[border].mean())
