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
from ..stored_image import as_rgb, as_stored

__all__ = ["encoded_panel", "image_path", "photograph", "plane"]

PANEL_SIDE = 512
"""Longest side of one picture of the panel, pixels."""


def image_path(batch: Mapping[str, Any]) -> str:
    """Path of the file an item of a decollated batch was read from."""
    return str(batch["image"].meta["filename_or_obj"])


def photograph(path: str, longest: int | None = None) -> Image.Image:
    """The image as RGB on its stored pixel grid, reduced to ``longest`` pixels on its long side when asked to."""
    with Image.open(path) as image:
        if longest is not None:
            image.draft("RGB", (2 * longest, 2 * longest))  # a JPEG decodes at a fraction of its size
        stored = as_stored(image)
        found = as_rgb(stored)
        found.load()  # PIL reads the pixels late, and a small image is not touched by thumbnail
        if "exif" in stored.info:  # lost where transparency is laid over white
            found.info["exif"] = stored.info["exif"]
        if longest is not None:
            found.thumbnail((longest, longest))
    return found


def encoded_panel(batch: Mapping[str, Any], output: Mapping[str, Any], picture: Image.Image | None = None) -> bytes:
    """JPEG of ``overlay_panel`` for one item of the evaluator's decollated batch and postprocessed output.

    ``picture`` is its photograph at any size, read from the file when it is left out.
    """
    reduced = photograph(image_path(batch), PANEL_SIDE) if picture is None else picture.copy()
    reduced.thumbnail((PANEL_SIDE, PANEL_SIDE))
    panel = overlay_panel(
        np.asarray(reduced),
        _resized(output["pred_mask_logits"][1:], reduced.size),
        _resized(output["pred_level_set"], reduced.size),
        np.asarray(output["pred_attention"].cpu()),
        mask=_resized(output["pred_mask"], reduced.size) >= 0.5,
        truth=_resized(output["true_mask"], reduced.size) >= 128 if "true_mask" in output else None,
        spread=_resized(output["pred_spread"], reduced.size) if _several(output) else None,
    )
    buffer = io.BytesIO()
    Image.fromarray(panel).save(buffer, format="JPEG", quality=88)
    return buffer.getvalue()


def _several(output: Mapping[str, Any]) -> bool:
    """Whether there are views that can differ: a single one has a spread of zero everywhere."""
    return "pred_spread" in output and bool(output["pred_spread"].any())


def plane(values: torch.Tensor) -> np.ndarray:
    """(1, W, H), as MONAI's reader orders it, to (H, W) on the CPU."""
    return np.ascontiguousarray(values[0].transpose(0, 1).cpu().numpy())


def _resized(values: torch.Tensor, size: tuple[int, int]) -> np.ndarray:
    """(1, W, H) to float32 (height, width) of ``size`` = (width, height)."""
    return np.asarray(Image.fromarray(plane(values).astype(np.float32)).resize(size, Image.Resampling.BILINEAR))
