# SPDX-License-Identifier: Apache-2.0
"""Which files are images and which are their masks, and which mask belongs to which image, by their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from .errors import DataError, Problems, name_some
from .image_files import images_under, is_image_name, walk

_WORD = re.compile(r"[ ._-]?[a-z][a-z ._-]*", re.IGNORECASE)  # no digit: 10 is another image than 1
_MASK_WORD = re.compile(
    r"[ ._-](mask|segmentation|seg|gt|groundtruth|ground_truth|label|lesion|outline)", re.IGNORECASE
)
_ANY_WORD = re.compile(r"[ ._-][a-z].*", re.IGNORECASE)
_PICTURES = "_overlay"  # what inference writes beside its masks


def find_images(root: Path, masks: Path | None, problems: Problems) -> dict[str, Path]:
    """The images below ``root`` by name: that of the file where it is the only one, else ``folder/file``.

    Masks that lie there too are left out: in a folder of their own, or among the images as ``x_mask``,
    ``x_segmentation``, ``x_GT`` or the like of an image ``x``. What is called so without such an image, or like an
    image and another word (``x_roi``), may be either: it is taken for an image, and noted.

    Raises:
        DataError: no image, or two of one name in one folder.
    """
    paths = images_under(root, quiet=masks is not None)  # what it leaves out is looked at as masks
    if masks is not None and root.resolve() in masks.resolve().parents:
        paths = [path for path in paths if masks.resolve() not in path.resolve().parents]
    elif masks is not None and masks.resolve() in (root.resolve(), *root.resolve().parents):
        places = {_place(path, root) for path in paths}
        paths = [path for path in paths if _named(_place(path, root), places, _MASK_WORD) is None]
        _note_doubtful(paths, root, problems)
    if not paths:
        raise DataError(f"{root} holds no image; name the folder of images")
    counts = Counter(path.stem for path in paths)
    images: dict[str, Path] = {}
    for path in paths:
        other = images.setdefault(path.stem if counts[path.stem] == 1 else _place(path, root), path)
        if other is not path:
            raise DataError(f"{other} and {path} have one name: rename one, or put masks into a folder of their own")
    return images


def _note_doubtful(paths: list[Path], root: Path, problems: Problems) -> None:
    places = {_place(path, root) for path in paths}
    called_mask = re.compile(f"{_MASK_WORD.pattern}$", re.IGNORECASE)
    doubtful = [
        path.name
        for path in paths
        if called_mask.search(path.stem) or _named(_place(path, root), places, _ANY_WORD) is not None
    ]
    if doubtful:
        remedy = "call masks x_mask of an image x, or put them into a folder of their own"
        problems.note(f"{len(doubtful)} files count as images and are called like masks", doubtful, remedy)


def find_masks(root: Path, images: Mapping[str, Path], problems: Problems) -> dict[Path, Path]:
    """The masks below ``root``: ``x.png``, or ``x`` and a word (``x_mask.png``, ``x-GT.tif``) for the image ``x``.

    An image ``P1/x`` wants it below a folder ``P1``. Files of other names and images without a mask are noted; masks
    may lie among the images.

    Raises:
        DataError: no mask fits an image, or two fit one.
    """
    itself = set(images.values())
    masks: dict[Path, Path] = {}
    orphans = []
    for path in _files(root):
        if path in itself or path.stem.endswith(_PICTURES):
            continue
        image = _image_of(path, root, images)
        if image is None:
            orphans.append(path.name)
        elif image in masks:
            raise DataError(f"{image} has two masks, {masks[image]} and {path}; remove one")
        else:
            masks[image] = path
    if not masks:
        first = next(iter(images))
        there = name_some(orphans, 3) or "no files beside the images"
        raise DataError(
            f"{root}: no mask fits an image by its name ({there}; the image {first} wants {first}.png in "
            f"another folder, {first}_mask.png or the like)"
        )
    if orphans:
        problems.note(f"{len(orphans)} files of {root} belong to no image and are left out", orphans)
    bare = [name for name, path in images.items() if path not in masks]
    if bare:
        problems.note(f"{len(bare)} images have no mask; they teach the class, and by the consistency losses", bare)
    return masks


def _files(root: Path) -> list[Path]:
    return sorted(folder / name for folder, names in walk(root) for name in names if is_image_name(name))


def _place(path: Path, root: Path) -> str:
    """``folder/file`` below the root, without ending."""
    return path.relative_to(root).with_suffix("").as_posix()


def _image_of(mask: Path, root: Path, images: Mapping[str, Path]) -> Path | None:
    """By all of the mask's place below the root, then by less and less of it, down to the file's name."""
    parts = _place(mask, root).split("/")
    for start in range(len(parts)):
        name = _named("/".join(parts[start:]), images, _WORD, whole=True)
        if name is not None:
            return images[name]
    return None


def _named(name: str, known: Collection[str], word: re.Pattern[str], *, whole: bool = False) -> str | None:
    """The longest known name that ``name`` begins with, a word behind it or, where ``whole`` is allowed, nothing."""
    for end in range(len(name), 0, -1):
        if name[:end] in known and (whole if end == len(name) else word.fullmatch(name[end:])):
            return name[:end]
    return None
