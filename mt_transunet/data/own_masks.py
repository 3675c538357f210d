# SPDX-License-Identifier: Apache-2.0
"""Which mask belongs to which image, by their names."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import DataError, Problems, name_some
from .image_files import is_image_name

_WORD = re.compile(r"[ ._-]?[a-z][a-z ._-]*", re.IGNORECASE)  # no digit: 10 is another image than 1


def find_masks(root: Path, images: list[Path], problems: Problems) -> dict[Path, Path]:
    """The masks below ``root``: ``x.png``, or ``x`` and a word (``x_mask.png``, ``x-GT.tif``) for the image ``x``.

    Files of other names and images without a mask are noted; masks may lie among the images.

    Raises:
        DataError: no mask fits an image, two fit one, or two images share a name.
    """
    by_stem = _by_stem(images)
    itself = set(images)
    files = [path for path in sorted(root.rglob("*")) if is_image_name(path.name) and path not in itself]
    masks: dict[Path, Path] = {}
    orphans = []
    for path in files:
        image = _image_of(path, by_stem)
        if image is None:
            orphans.append(path.name)
        elif image in masks:
            raise DataError(f"{image} has two masks, {masks[image]} and {path}; remove one")
        else:
            masks[image] = path
    if not masks:
        raise DataError(
            f"{root}: no mask fits an image by its name ({name_some(orphans, 3) or 'no files'}; the image "
            f"{images[0].name} wants {images[0].stem}.png, {images[0].stem}_mask.png or the like)"
        )
    if orphans:
        problems.note(f"{len(orphans)} files of {root} belong to no image and are left out", orphans)
    bare = [path.name for path in images if path not in masks]
    if bare:
        problems.note(f"{len(bare)} images have no mask; they teach the class, and by the consistency losses", bare)
    return masks


def _by_stem(images: list[Path]) -> dict[str, Path]:
    by_stem: dict[str, Path] = {}
    for path in images:
        other = by_stem.setdefault(path.stem, path)
        if other is not path:
            raise DataError(f"two images are called {path.stem}, {other} and {path}: rename one, or take one folder")
    return by_stem


def _image_of(mask: Path, by_stem: dict[str, Path]) -> Path | None:
    """The image with the longest name that the mask's begins with."""
    for end in range(len(mask.stem), 0, -1):
        word = mask.stem[end:]
        if mask.stem[:end] in by_stem and (not word or _WORD.fullmatch(word)):
            return by_stem[mask.stem[:end]]
    return None
