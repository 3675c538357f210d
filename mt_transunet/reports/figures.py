# SPDX-License-Identifier: Apache-2.0
"""One picture per image: contour on the photograph, class-token attention, level set."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

PREDICTION_COLOUR = (0, 229, 255)
TRUTH_COLOUR = (255, 214, 10)
"""RGB of the predicted and of the given contour: cyan and yellow, far from skin and told apart by everybody."""

_BACKGROUND, _INK, _QUIET = (20, 22, 27), (236, 238, 242), (150, 156, 168)
_MARGIN, _LINE = 12, 22  # pixels
_WIDEST_SPREAD = 0.4  # half of the views sure of lesion, half of skin, would be 0.5
_SMALLEST, _NARROWEST = 224, 176  # long side of an enlarged small image; room for a caption

# Level set from -1 to 1: red inside, white on the border, blue outside (ColorBrewer RdBu anchors).
_DIVERGING = ((103, 0, 31), (214, 96, 77), (247, 247, 247), (67, 147, 195), (5, 48, 97))


def overlay_panel(
    image: np.ndarray,
    probability: np.ndarray,
    level_set: np.ndarray,
    attention: np.ndarray,
    *,
    mask: np.ndarray | None = None,
    truth: np.ndarray | None = None,
    spread: np.ndarray | None = None,
    title: str | None = None,
    long_side: int = 512,
    columns: int | None = None,
) -> np.ndarray:
    """Draw the three answers about one image side by side, and where its views differ.

    Args:
        image: (H,W,3) uint8 RGB.
        probability: (H,W) of lesion in [0,1]; at 0.5 it gives the contour when ``mask`` is None.
        level_set: (H,W) in [-1,1], negative inside; its zero is drawn black.
        attention: (h,w) non-negative, any grid; spread over the image between its least and its largest weight.
        mask: (H,W) predicted mask, non-zero inside.
        truth: (H,W) given mask; adds a second contour.
        spread: (H,W) in [0,0.5], standard deviation of the probability over the views; adds a fourth panel, black where
            they agree and white from 0.4 on.
        title: text above the panels.
        long_side: cap of each panel in pixels; smaller images are enlarged up to 224.
        columns: panels in a row; all of them when None.

    Returns:
        (H',W',3) uint8 RGB.

    Raises:
        ValueError: the image is not (H,W,3) uint8, or a map has another size than the image.
    """
    _check(image, {"probability": probability, "level_set": level_set, "mask": mask, "truth": truth, "spread": spread})
    size = _panel_size(*image.shape[:2], long_side)
    photograph = _resized(image, size)
    inside = np.asarray(probability) >= 0.5 if mask is None else np.asarray(mask) > 0
    contoured = _contoured(photograph, inside, truth)
    heat, evenly = _attention_heat(photograph, attention, size)
    captions = [
        [("predicted border", PREDICTION_COLOUR)] + ([("given border", TRUTH_COLOUR)] if truth is not None else []),
        [("attention (uniform)" if evenly else "attention of the class token", None)],
        [("level set: red inside, blue outside", None)],
    ]
    panels = [contoured, heat, _level_set_map(level_set, size)]
    if spread is not None:
        panels.append(_spread_map(spread, size))
        captions.append([("where the views differ", None)])
    return _compose(panels, captions, title, columns or len(panels))


def _contoured(photograph: np.ndarray, inside: np.ndarray, truth: np.ndarray | None) -> np.ndarray:
    picture, size = photograph.copy(), photograph.shape[:2]
    if truth is not None:
        _draw_border(picture, _resized(np.asarray(truth) > 0, size) >= 128, TRUTH_COLOUR)
    _draw_border(picture, _resized(inside, size) >= 128, PREDICTION_COLOUR)
    return picture


def _check(image: np.ndarray, maps: dict[str, np.ndarray | None]) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise ValueError(f"image must be (H,W,3) uint8, got {image.shape} {image.dtype}; convert it to RGB first")
    for name, values in maps.items():
        if values is not None and np.shape(values) != image.shape[:2]:
            raise ValueError(
                f"{name} must have the size of the image, got {np.shape(values)} and {image.shape[:2]}; resize it first"
            )


def _panel_size(height: int, width: int, long_side: int) -> tuple[int, int]:
    longest = max(height, width)
    scale = min(max(longest, _SMALLEST), long_side) / longest
    return max(1, round(height * scale)), max(1, round(width * scale))


def _resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H,W) or (H,W,3) at (height, width) ``size``, averaged when shrunk.

    uint8 stays so, booleans become uint8 0 to 255, the rest float32 without NaN.
    """
    if values.dtype == bool:
        values = values.view(np.uint8) * np.uint8(255)
    elif values.dtype != np.uint8:
        values = values.astype(np.float32, copy=False)
    interpolation = cv2.INTER_AREA if max(values.shape[:2]) > max(size) else cv2.INTER_LINEAR
    resized = cv2.resize(np.ascontiguousarray(values), size[::-1], interpolation=interpolation)
    return resized if resized.dtype == np.uint8 else np.nan_to_num(resized)


def _draw_border(picture: np.ndarray, inside: np.ndarray, colour: tuple[int, int, int], *, halo: bool = True) -> None:
    """Outline a boolean area in place: a coloured line on a dark one, seen on any skin."""
    contours, _ = cv2.findContours(inside.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    thickness = 1 + min(picture.shape[:2]) // 180
    if halo:
        cv2.drawContours(picture, contours, -1, _BACKGROUND, thickness + 2, cv2.LINE_AA)
    cv2.drawContours(picture, contours, -1, colour, thickness, cv2.LINE_AA)


def _attention_heat(photograph: np.ndarray, attention: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, bool]:
    weights = np.nan_to_num(np.asarray(attention, dtype=np.float32))
    spread = float(np.ptp(weights))
    # Attention of one constant differs by rounding only; stretching that would draw noise.
    evenly = spread <= 1e-3 * float(weights.max())
    scaled = np.zeros_like(weights) if evenly else (weights - weights.min()) / spread
    weight = np.clip(cv2.resize(scaled, size[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)
    colours = cv2.cvtColor(cv2.applyColorMap((weight * 255).astype(np.uint8), cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    grey = cv2.cvtColor(cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    share = (0.35 + 0.4 * weight)[..., None]
    return (grey * (1 - share) + colours * share).astype(np.uint8), evenly


def _level_set_map(level_set: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    levels = _resized(np.asarray(level_set), size)
    anchors = np.linspace(-1, 1, len(_DIVERGING))
    position = np.linspace(-1, 1, 256)
    table = np.stack([np.interp(position, anchors, channel) for channel in zip(*_DIVERGING)], axis=1).astype(np.uint8)
    picture = table[np.clip((levels + 1) * 127.5, 0, 255).astype(np.uint8)]
    _draw_border(picture, levels <= 0, (20, 20, 20), halo=False)
    return picture


def _spread_map(spread: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    bright = np.clip(_resized(np.asarray(spread), size) / _WIDEST_SPREAD * 255, 0, 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(bright, cv2.COLORMAP_MAGMA), cv2.COLOR_BGR2RGB)


def _compose(panels: list[np.ndarray], captions: list[list[tuple]], title: str | None, columns: int) -> np.ndarray:
    height, width = panels[0].shape[:2]
    cell = max(width, _NARROWEST)
    top = _MARGIN + (_LINE + 4 if title else 0)
    lines = max(map(len, captions)) if cell < 300 else 1
    below = 8 + lines * _LINE
    rows = math.ceil(len(panels) / columns)
    shape = (columns * (cell + _MARGIN) + _MARGIN, top + rows * (height + below))
    sheet = Image.new("RGB", shape, _BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    if title:
        _text(draw, (_MARGIN, _MARGIN - 2), title, _INK, 16, shape[0] - 2 * _MARGIN)
    for index, (panel, words) in enumerate(zip(panels, captions)):
        row, column = divmod(index, columns)
        left, upper = _MARGIN + column * (cell + _MARGIN), top + row * (height + below)
        sheet.paste(Image.fromarray(panel), (left + (cell - width) // 2, upper))
        _caption(draw, (left, upper + height + 6), words, cell, stacked=lines > 1)
    return np.asarray(sheet)


def _caption(draw: ImageDraw.ImageDraw, corner: tuple[int, int], words: list[tuple], room: int, *, stacked: bool):
    left, top = corner
    for text, colour in words:
        start = left
        if colour:
            draw.line((start, top + 9, start + 16, top + 9), fill=colour, width=3)
            start += 22
        length = _text(draw, (start, top), text, _QUIET, 13, corner[0] + room - start)
        left, top = (corner[0], top + _LINE) if stacked else (start + length + 18, top)


@lru_cache(maxsize=16)
def _font(points: float) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(points)  # comes with Pillow: the same on every machine


def _text(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, colour: tuple, points: float, room: int
) -> int:
    """Draw ``text``, smaller where it would not fit into ``room`` pixels; returns its length."""
    font = _font(points)
    length = draw.textlength(text, font=font)
    if length > room:
        font = _font(max(7, points * room / length))
    draw.text(corner, text, fill=colour, font=font)
    return math.ceil(min(length, room))
