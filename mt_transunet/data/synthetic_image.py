# SPDX-License-Identifier: Apache-2.0
"""One synthetic dermoscopic image with its mask and diagnosis, from a seed and a number."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mt_transunet import CLASS_NAMES

from .synthetic_artefacts import add_artefacts
from .synthetic_pigment import Pigment, draw_pigment
from .synthetic_shape import draw_lesion
from .synthetic_skin import Skin, draw_skin, photograph, reflect, shade

# Height and width: the proportions of dermatoscopes' cameras, one in six upright.
_SIZES = ((192, 256), (216, 288), (213, 320), (240, 320), (256, 384), (288, 384), (256, 192), (320, 240))
_SIZE_SHARES = (0.34, 0.16, 0.1, 0.1, 0.06, 0.07, 0.12, 0.05)
_SMALLEST_SIDE = 64

# Any four successive numbers hold two nevi, one melanoma and one keratosis.
_BLOCK = (0, 0, 1, 2)

_BLUE_GREY = np.array([0.38, 0.41, 0.49], np.float32)
_WHITE = np.array([0.95, 0.88, 0.85], np.float32)


class SyntheticCase(NamedTuple):
    """image: uint8 (H,W,3), RGB. mask: bool (H,W), True on the lesion. label: 0, 1 or 2 as in `CLASS_NAMES`."""

    image: np.ndarray
    mask: np.ndarray
    label: int


def synthetic_case(
    index: int,
    *,
    seed: int = 0,
    size: tuple[int, int] | None = None,
    diagnosis: str | int | None = None,
    difficulty: float = 0.5,
) -> SyntheticCase:
    """Draw case number `index`; the same arguments give the same case, whatever was drawn before.

    Args:
        index: number of the case, from 0.
        seed: another seed, another set of cases; from 0.
        size: height and width, pixels, each at least 64; None draws one of eight sizes, none square.
        diagnosis: a name in `CLASS_NAMES` or its place there; None gives two nevi, one melanoma and one keratosis in
            every four numbers (4k to 4k + 3), in random order.
        difficulty: in [0,1]; the greater, the fainter the faintest lesions and the more artefacts.

    Raises:
        ValueError: an argument is outside its range.
    """
    _check(index, seed, size, difficulty)
    label = _drawn_label(index, seed) if diagnosis is None else _label(diagnosis)
    # a stream for each part: a change to how one is drawn leaves the others as they were
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence((seed, index)).spawn(6)]
    if size is None:
        size = _SIZES[streams[0].choice(len(_SIZES), p=_SIZE_SHARES)]

    lesion = draw_lesion(streams[1], size, label)
    skin = draw_skin(streams[2], size)
    pigment = draw_pigment(streams[3], lesion, label, difficulty)
    image = photograph(streams[4], _compose(skin, pigment))
    image = add_artefacts(streams[5], image, lesion.mask, 0.4 + 0.8 * difficulty)
    return SyntheticCase(np.round(255.0 * np.clip(image, 0.0, 1.0)).astype(np.uint8), lesion.mask, label)


def _compose(skin: Skin, pigment: Pigment) -> np.ndarray:
    """Colour of the lesion in its skin, float32 (3,H,W)."""
    tone = float(skin.melanin.mean())
    # darker skin has darker lesions: the same pigment would be lost in it
    melanin = skin.melanin + pigment.melanin * (1.0 + 0.45 * tone)
    blood = skin.blood * (1.0 - 0.5 * pigment.presence) + pigment.blood
    scene = reflect(melanin, blood)
    # a white patch in dark skin is not the white of paper
    dimming = np.float32(0.55 + 0.45 * np.exp(-tone))
    for cover, colour in ((pigment.veil, _BLUE_GREY), (pigment.pale, _WHITE)):
        if cover.any():
            scene += cover * (colour[:, None, None] * dimming - scene)
    furrows = skin.relief * (1.0 - 0.7 * pigment.presence)
    return scene * (shade(furrows, 0.06) * shade(pigment.relief, 0.11))


def _check(index: int, seed: int, size: tuple[int, int] | None, difficulty: float) -> None:
    if index < 0 or seed < 0:
        raise ValueError(f"index and seed must be 0 or more, got {index} and {seed}; count from 0")
    if size is not None and min(size) < _SMALLEST_SIDE:
        raise ValueError(f"size must be at least {_SMALLEST_SIDE} by {_SMALLEST_SIDE} pixels, got {size}; enlarge it")
    if not 0.0 <= difficulty <= 1.0:
        raise ValueError(f"difficulty must be in [0,1], got {difficulty}; 0 is the easiest set, 1 the hardest")


def _label(diagnosis: str | int) -> int:
    if diagnosis in CLASS_NAMES:
        return CLASS_NAMES.index(diagnosis)
    if diagnosis in range(len(CLASS_NAMES)):
        return int(diagnosis)
    raise ValueError(f"diagnosis must be one of {CLASS_NAMES} or 0, 1, 2, got {diagnosis!r}; None draws one")


def _drawn_label(index: int, seed: int) -> int:
    block, place = divmod(index, len(_BLOCK))
    # three numbers, where a case has two: the order of the labels is no case's stream
    order = np.random.default_rng(np.random.SeedSequence((seed, block, len(_BLOCK)))).permutation(_BLOCK)
    return int(order[place])
