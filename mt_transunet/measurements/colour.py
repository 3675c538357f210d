# SPDX-License-Identifier: Apache-2.0
"""How varied the colour of a lesion is: a spread in CIELAB, and how many of the ABCD rule's six colours it shows."""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial.distance import cdist
from skimage.color import rgb2lab

__all__ = ["REFERENCE_COLOURS", "measure_colour"]

# sRGB. The names are those of Nachbar et al. (1994), who judge by eye and give no values; the values are those of the
# CSS colours white, indianred, peru, saddlebrown, slategrey and black, fitted to nothing.
REFERENCE_COLOURS = {
    "white": (255, 255, 255),
    "red": (205, 92, 92),
    "light brown": (205, 133, 63),
    "dark brown": (139, 69, 19),
    "blue-grey": (112, 128, 144),
    "black": (0, 0, 0),
}
_REFERENCES = rgb2lab(np.array([list(REFERENCE_COLOURS.values())], dtype=np.uint8))[0]
_SMALLEST_SHARE = 0.05
_MOST_PIXELS = 2**17


def measure_colour(image: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """Spread of the lesion's colours, and the number of named ones.

    Colours are CIELAB under D65 of the image read as sRGB; photographs are seldom calibrated, so compare images of
    one camera and light. Hairs, marks and reflections inside the mask count as lesion. Of a lesion of more than
    2**17 pixels that many are looked at, evenly spaced in row order.

    Args:
        image: (H, W, 3) uint8, RGB.
        mask: (H, W), non-zero inside the lesion, with at least one such pixel.

    Returns:
        ``colour_variegation``: root mean square of the colour difference Delta E*ab (CIE 1976, ISO/CIE 11664-4)
            between a lesion pixel and the mean colour of the lesion; the variegation of the clinical ABCD rule
            (Friedman, Rigel and Kopf, CA Cancer J Clin 35:130-151, 1985) as a number, in a definition of ours. 0 for
            one colour; sqrt(w (1 - w)) d for two with the shares w and 1 - w and the difference d.
        ``colours``: an integer from 1 to 6, how many of ``REFERENCE_COLOURS`` are nearest (Delta E*ab) to at least
            5 % of the lesion's pixels. The six colours are those of C in the ABCD rule of dermatoscopy (Nachbar et al.,
            "The ABCD rule of dermatoscopy", J Am Acad Dermatol 30:551-559, 1994); there a dermatologist names them,
            here the reference values and the 5 % are ours, and every pixel gets a name, skin included. An indication.

    Raises:
        ValueError: an empty mask.
    """
    lesion = np.flatnonzero(mask)
    if not len(lesion):
        raise ValueError("mask has no pixel inside the lesion; an empty mask has no colour")
    # a whole-numbered step could fall in with the width of the image and see some columns only
    looked_at = lesion[np.linspace(0, len(lesion) - 1, min(len(lesion), _MOST_PIXELS)).astype(int)]
    lab = rgb2lab(image[np.unravel_index(looked_at, np.shape(mask))])  # (n, 3)
    nearest = cdist(lab, _REFERENCES).argmin(axis=1)
    shares = np.bincount(nearest) / len(lab)
    return {
        "colour_variegation": math.sqrt(lab.var(axis=0).sum()),
        "colours": int((shares >= _SMALLEST_SHARE).sum()),
    }
