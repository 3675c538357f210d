# SPDX-License-Identifier: Apache-2.0
"""The black frame that a round dermatoscope leaves in the corners of a photograph."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["dark_frame"]

# Of the brightness that a tenth of the image exceeds. At 0.3 all round frames of 300 ISIC-2017 training images were
# found to their rim; at 0.45 a dark lesion that reaches a corner was taken for one.
_DARKNESS = 0.3
# Left out along the edges, share of the shorter side: rescaled images often end in a bright line, which would part
# the frame from the corner.
_EDGE = 0.008


def dark_frame(image: np.ndarray) -> np.ndarray:
    """Dark areas that are connected to a corner of the image.

    Args:
        image: (H, W, 3) uint8, RGB, at the scale of the measurement (see ``reduced``).

    Returns:
        bool (H, W), True on the frame. A uniform image, black or not, has none.
    """
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    edge = min(max(round(_EDGE * min(grey.shape)), 1), (min(grey.shape) - 1) // 2)
    inside = grey[edge : grey.shape[0] - edge, edge : grey.shape[1] - edge]
    dark = inside < _DARKNESS * np.percentile(inside, 90)
    _, labels = cv2.connectedComponents(dark.astype(np.uint8), connectivity=4)
    corners = labels[[0, 0, -1, -1], [0, -1, 0, -1]]
    return np.pad(np.isin(labels, corners[corners > 0]), edge, mode="edge")
