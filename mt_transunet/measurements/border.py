# SPDX-License-Identifier: Apache-2.0
"""How long the border of a lesion is, counted in eight directions."""

from __future__ import annotations

import numpy as np

__all__ = ["perimeter"]

# (rows, columns) between neighbours on a line; the other three of eight directions are seen in the mirrored mask
_STEPS = np.array([(0, 1), (1, 2), (1, 1), (2, 1), (1, 0)])
# A direction speaks for the angles that lie nearer to it than to another: pi in all over the mask and its mirror
# image, where the first and the last are seen twice.
_ANGLES = np.arctan2(*_STEPS.T)
_SHARES = np.diff([0.0, *(_ANGLES[:-1] + _ANGLES[1:]) / 2, np.pi / 2])


def perimeter(mask: np.ndarray) -> float:
    """Length of the border by Crofton's formula: half the number of times that lines cross it, over all lines.

    P = 1/2 sum over directions of angle share x line spacing x crossings (Legland, Kieu and Devaux, "Computation of
    Minkowski measures on 2D and 3D binary images", Image Analysis and Stereology 26:83-92, 2007, there with four
    directions). A line with the step (r, c) has neighbours 1 / hypot(r, c) apart from it.

    Unbiased for a border that runs in all directions alike, so for a disc: within 1 % from a radius of 30 pixels,
    2.5 % from 10, 7 % at 3. A straight border comes out between 1.5 % too short (along rows, columns and diagonals)
    and 1.3 % too long; ``skimage.measure.perimeter_crofton`` has four directions and errs by -5.2 % to 2.6 %. What is
    as thin as the steps is short: a line one pixel wide by a fifth, a single pixel by half.

    Holes and every component count; so does the edge of the array where the lesion touches it.

    Args:
        mask: (H, W), non-zero inside the lesion.

    Returns:
        Pixels, at least 0.
    """
    inside = np.pad(np.asarray(mask) != 0, _STEPS.max())  # so that every line begins and ends outside
    height, width = inside.shape
    length = 0.0
    for seen in (inside, inside[:, ::-1]):
        for (rows, columns), share in zip(_STEPS, _SHARES):
            crossings = np.count_nonzero(seen[rows:, columns:] != seen[: height - rows, : width - columns])
            length += share * crossings / np.hypot(rows, columns) / 2
    return float(length)
