# SPDX-License-Identifier: Apache-2.0
"""Which files are images and which are their masks, and which mask belongs to which image, by their names."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from .errors import DataError, Problems, name_some
from .image_files import images_under, is_image_name, walk

_WORD = re.compile(r"[ ._-]?[a-z][a-z ._-]*", re.IGNORECASE)  # no digit: 10 is another image than 1
_MASK_WORD = re.compile(
    r"[ ._-](mask|segmentation|seg|gt|groundtruth|ground_truth|label|lesion|outline)", re.IGNORECASE
)
_PICTURES = "_overlay"  # what inference writes beside its masks


def find_images(root: Path, masks: Path | None = None) -> list[Path]:
    """The images below ``root``, without the masks where these lie there too: in a folder of their own, or among the
    images as ``x_mask``, ``x_segmentation``, ``x_GT`` or the like of an image ``x``.

    Raises:
        DataError: no image, or two of one name.
    """
    paths = images_under(root)
    if masks is not None and root.resolve() in masks.resolve().parents:
        paths = [path for path in paths if masks.resolve() not in path.resolve().parents]
    elif masks is not None and masks.resolve() in (root.resolve(), *root.resolve().parents):
        stems = {path.stem for path in paths}
        paths = [path for path in paths if _named(path.stem, stems, _MASK_WORD) is None]
    if not paths:
        raise DataError(f"{root} holds no image; name the folder of images")
    _require_names(paths)
    return paths


def find_masks(root: Path, images: list[Path], problems: Problems) -> dict[Path, Path]:
    """The masks below ``root``: ``x.png``, or ``x`` and a word (``x_mask.png``, ``x-GT.tif``) for the image ``x``.

    Files of other names and images without a mask are noted; masks may lie among the images.

    Raises:
        DataError: no mask fits an image, or two fit one.
    """
    by_stem, itself = {path.stem: path for path in images}, set(images)
    masks: dict[Path, Path] = {}
    orphans = []
    for path in _files(root):
        stem = _named(path.stem, by_stem, _WORD, whole=True)
        if path in itself or path.stem.endswith(_PICTURES):
            continue
        if stem is None:
            orphans.append(path.name)
        elif by_stem[stem] in masks:
            raise DataError(f"{by_stem[stem]} has two masks, {masks[by_stem[stem]]} and {path}; remove one")
        else:
            masks[by_stem[stem]] = path
    if not masks:
        first = images[0]
        raise DataError(
            f"{root}: no mask fits an image by its name ({name_some(orphans, 3) or 'no files'}; the image {first.name} "
            f"wants {first.stem}.png in another folder, {first.stem}_mask.png or the like)"
        )
    if orphans:
        problems.note(f"{len(orphans)} files of {root} belong to no image and are left out", orphans)
    bare = [path.name for path in images if path not in masks]
    if bare:
        problems.note(f"{len(bare)} images have no mask; they teach the class, and by the consistency losses", bare)
    return masks


def _files(root: Path) -> list[Path]:
    return sorted(folder / name for folder, names in walk(root) for name in names if is_image_name(name))


def _require_names(paths: list[Path]) -> None:
    first: dict[str, Path] = {}
    for path in paths:
        other = first.setdefault(path.stem, path)
        if other is not path:
            raise DataError(
                f"two images are called {path.stem}, {other} and {path}: rename one, take one folder, or put masks "
                "into a folder of their own"
            )


def _named(stem: str, known: Collection[str], word: re.Pattern[str], *, whole: bool = False) -> str | None:
    """The longest known name that ``stem`` begins with, a word behind it or, where ``whole`` is allowed, nothing."""
    for end in range(len(stem), 0, -1):
        if stem[:end] in known and (whole if end == len(stem) else word.fullmatch(stem[end:])):
            return stem[:end]
    return None
