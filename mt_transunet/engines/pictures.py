# SPDX-License-Identifier: Apache-2.0
"""The panel of one image: contour on the photograph, attention, level set."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image

from ..reports import overlay_panel
from ..transforms import as_rgb

__all__ = ["encoded_panel", "image_path"]

PANEL_SIDE = 512
"""Longest side of one picture of the panel, pixels."""


def image_path(batch: Mapping[str, Any]) -> str:
    """Path of the file an item of a decollated batch was read from."""
    return str(batch["image"].meta["filename_or_obj"])


def encoded_panel(batch: Mapping[str, Any], output: Mapping[str, Any]) -> bytes:
    """JPEG of ``overlay_panel`` for one item of the evaluator's decollated batch and postprocessed output."""
    photograph = _photograph(image_path(batch))
    size = photograph.size
    panel = overlay_panel(
        np.asarray(photograph),
        _plane(output["pred_mask_logits"][1:], size),
        _plane(output["pred_level_set"], size),
        np.asarray(output["pred_attention"].cpu()),
        truth=_plane(output["true_mask"], size) >= 128 if "true_mask" in output else None,
    )
    buffer = io.BytesIO()
    Image.fromarray(panel).save(buffer, format="JPEG", quality=88)
    return buffer.getvalue()


def _photograph(path: str) -> Image.Image:
    with Image.open(path) as image:
        image.draft("RGB", (2 * PANEL_SIDE, 2 * PANEL_SIDE))  # a JPEG decodes at a fraction of its size
        photograph = as_rgb(image)
        photograph.load()  # PIL reads the pixels late, and a small image is not touched by thumbnail
        photograph.thumbnail((PANEL_SIDE, PANEL_SIDE))
    return photograph


def _plane(values: torch.Tensor, size: tuple[int, int]) -> np.ndarray:
    """(1, W, H), as MONAI's reader orders it, to float32 (height, width) of ``size`` = (width, height)."""
    plane = np.ascontiguousarray(values[0].transpose(0, 1).cpu().numpy(), dtype=np.float32)
    return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR))
