# SPDX-License-Identifier: Apache-2.0
"""What one complete look at an image or mask file tells."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..mask_values import LESION_FROM, lost_lesion, mask_values
from ..stored_image import stored_size
from .reading import load_completely, reason_of

LESION_ALL_AROUND = 0.9


@dataclass(frozen=True)
class FileFacts:
    """``size`` is (width, height) in pixels; ``digest`` equal for byte-identical files."""

    digest: str = ""
    size: tuple[int, int] | None = None
    error: str | None = None
    mask_flaw: str | None = None


def look_at(path: str, *, is_mask: bool) -> FileFacts:
    """Read and decode a file completely; never raises.

    ``mask_flaw`` is the first that holds of ``empty`` (all 0), ``no lesion`` (nothing reaches 128, so that training
    will refuse it), ``lesion all around`` (along nine tenths of the border, which no whole photograph of ISIC-2017 has:
    an inverted mask, or one on a coloured ground), ``grey values`` (other than 0 and 255), or None.
    """
    digest = ""
    try:
        with open(path, "rb") as file:
            data = file.read()
        digest = hashlib.sha256(data).hexdigest()
        with Image.open(io.BytesIO(data)) as image:
            size = stored_size(image)
            if is_mask:
                return FileFacts(digest, size, mask_flaw=_mask_flaw(mask_values(image)))
            load_completely(image)
            return FileFacts(digest, size)
    except Exception as error:  # a broken file may raise anything
        return FileFacts(digest, error=reason_of(error))


def _mask_flaw(values: np.ndarray) -> str | None:
    if not values.any():
        return "empty"
    if lost_lesion(values):
        return "no lesion"
    border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    if (border >= LESION_FROM).mean() > LESION_ALL_AROUND:
        return "lesion all around"
    return None if np.isin(values, (0, 255)).all() else "grey values"
