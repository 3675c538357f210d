# SPDX-License-Identifier: Apache-2.0
"""Synthetic images to try the page with."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from ..data.synthetic_image import synthetic_case

__all__ = ["write_examples"]

_SEED = 7
_SIZE = (384, 512)


def write_examples(folder: Path, *, count: int = 4) -> list[str]:
    """Draw images into an existing folder and return their paths."""
    paths = [folder / f"synthetic-{number + 1}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        Image.fromarray(synthetic_case(number, seed=_SEED, size=_SIZE).image).save(path, quality=92)
    return [str(path) for path in paths]
