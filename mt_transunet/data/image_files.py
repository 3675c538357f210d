# SPDX-License-Identifier: Apache-2.0
"""Which files of a folder are images to look at, and which are something else with an image's suffix."""

from __future__ import annotations

import logging
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from ..dicom import SUFFIXES as DICOM_SUFFIXES
from ..dicom import is_dicom
from .errors import DataError, name_some

logger = logging.getLogger(__name__)

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".tif", ".tiff", *DICOM_SUFFIXES)
# photographs all the same, of kinds that are left out
OTHER_SUFFIXES = (".gif", ".webp", ".heic", ".heif", ".avif", ".jp2", ".dng", ".nef", ".cr2", ".arw", ".psd")
PREDICTIONS_NAME = "predictions.csv"  # marks a folder that inference has written to

# Endings of files made from an image: the challenge's masks, and what inference writes.
_DERIVED_ENDINGS = ("_segmentation", "_mask", "_overlay")
_SUPERPIXELS = "_superpixels"  # the challenge's superpixel maps lie among its images


def is_hidden(name: str) -> bool:
    """True for dot files and for the folder that macOS adds to archives."""
    return name.startswith(".") or name == "__MACOSX"


def has_image_suffix(name: str) -> bool:
    """True when the name ends like an image, in capitals or not."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def is_image_name(name: str) -> bool:
    """True for a visible file name with an image suffix that is not a superpixel map."""
    stem = os.path.splitext(name)[0]
    return has_image_suffix(name) and not is_hidden(name) and not stem.lower().endswith(_SUPERPIXELS)


def images_in(folder: Path) -> list[Path]:
    """The images that lie directly in ``folder``, by name; an absent folder has none."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if is_image_name(entry.name) and entry.is_file()]
    return [folder / name for name in sorted(names)]


def folders_in(folder: Path) -> list[Path]:
    """The visible sub-folders of ``folder``, by name."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if not is_hidden(entry.name) and entry.is_dir()]
    return [folder / name for name in sorted(names)]


def holds_images(root: Path) -> bool:
    """True when any image lies below ``root``."""
    return any(_is_image(folder, name) for folder, names in walk(root) for name in names)


def images_under(root: Path, *, quiet: bool = False) -> list[Path]:
    """All images below ``root``, by path, without what was made from them.

    A second run over a folder must not take the first one's results for photographs, and the output
    folder may lie inside. So ``x_mask.png``, ``x_overlay.png`` and ``x_segmentation.png`` are left out,
    with a log line unless ``quiet``, when an image ``x`` is there too or when a ``predictions.csv`` lies in
    their folder or above it; a photograph that merely has such a name stays. Archives export DICOM files under names
    without a suffix, or under numbers with points between them: those are looked into.
    """
    images: list[Path] = []
    output_folders: list[Path] = []
    others: Counter[str] = Counter()
    for folder, names in walk(root):
        images += [folder / name for name in names if _is_image(folder, name)]
        others.update(
            suffix for suffix in (os.path.splitext(name)[1].lower() for name in names) if suffix in OTHER_SUFFIXES
        )
        if PREDICTIONS_NAME in names:
            output_folders.append(folder)

    originals = {spelling for path in images for spelling in _spellings(path)}
    derived = [path for path in images if _is_derived(path, originals, output_folders)]
    if derived and not quiet:
        names = name_some([path.name for path in derived], 3)
        logger.warning(f"{root}: {len(derived)} files were made from other images and are not read as images: {names}")
    if others and images and not quiet:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in others.most_common())
        logger.warning(f"{root}: {kinds} are left out; save them as JPEG or PNG")
    return sorted(set(images) - set(derived))


def describe_contents(root: Path) -> str:
    """What a folder without images holds instead, by suffix: ``3 .heic, 1 .txt``, or ``nothing``."""
    suffixes = Counter(os.path.splitext(name)[1].lower() or name for _, names in walk(root) for name in names)
    return ", ".join(f"{count} {suffix}" for suffix, count in suffixes.most_common(5)) or "nothing"


def holder(root: Path, recognises: Callable[[Path], bool]) -> Path | None:
    """``root`` or the one folder directly below it that is recognised; None when there is none.

    Raises:
        DataError: several folders below are recognised, so that the choice is the user's.
    """
    if not root.is_dir():
        return None
    if recognises(root):
        return root
    if images_in(root):  # a folder of images stays one, whatever lies below
        return None
    below = [folder for folder in folders_in(root) if recognises(folder)]
    if len(below) > 1:
        names = name_some([folder.name for folder in below])
        raise DataError(f"{root} holds several datasets: {names}; name one of them, or give several as a list")
    return below[0] if below else None


def walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Each visible folder with its visible file names; links are followed, each real folder once."""
    seen: set[str] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        yield Path(folder), [name for name in names if not is_hidden(name) and not _waits(os.path.join(folder, name))]


def _is_image(folder: Path, name: str) -> bool:
    suffix = os.path.splitext(name)[1]
    if is_image_name(name) or name.upper() == "DICOMDIR" or not (suffix == "" or suffix[1:].isdigit()):
        return is_image_name(name)
    try:
        return is_dicom(folder / name)
    except OSError:  # it cannot be read, and nothing says that it should be
        return False


def _waits(path: str) -> bool:
    """True for a pipe, socket or device, of which reading may never end; a link to nothing is a missing file."""
    try:
        kind = os.stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(kind) or stat.S_ISDIR(kind))


def _spellings(path: Path) -> tuple[str, str, str]:
    """How a result's name may begin: inference keeps the extension in the name where two stems collide."""
    return path.stem, path.name, f"{path.stem}_{path.suffix[1:]}"


def _is_derived(path: Path, originals: set[str], output_folders: list[Path]) -> bool:
    for ending in _DERIVED_ENDINGS:
        if path.stem.lower().endswith(ending):
            has_original = path.stem[: -len(ending)] in originals
            return has_original or any(folder in path.parents for folder in output_folders)
    return False
