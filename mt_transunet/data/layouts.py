# SPDX-License-Identifier: Apache-2.0
"""Recognise what a folder holds, and turn one folder or several into lists of items."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from . import datalist_file, folder, isic, ph2
from .checks import check_headers, check_sides
from .contamination import guard_training
from .errors import DataError, Problems
from .image_files import IMAGE_SUFFIXES, describe_contents
from .items import SPLITS, Item
from .roots import DatasetDir, dataset_roots

logger = logging.getLogger(__name__)

LAYOUTS: tuple[ModuleType, ...] = (datalist_file, isic, ph2, folder)
"""In the order tried. Each has NAME, WHOLE, find(root), splits(found) and read(found, split, problems)."""


@dataclass(frozen=True)
class Source:
    """One root, its layout, and where exactly it was found."""

    root: Path
    layout: ModuleType
    found: Path

    def __str__(self) -> str:
        return f"{self.layout.NAME} at {self.found}"

    def read(self, asked: Sequence[str], problems: Problems) -> dict[str, list[Item]]:
        """The items of those of the asked splits that are here.

        A layout without splits counts wholly as ``test``, and as the first split asked for when ``test``
        is not among them, which a log line says.
        """
        if not self.layout.WHOLE:
            here = self.layout.splits(self.found)
            return {split: self.layout.read(self.found, split, problems) for split in asked if split in here}
        split = "test" if "test" in asked else asked[0]
        items = self.layout.read(self.found, split, problems)
        logger.log(
            logging.INFO if split == "test" else logging.WARNING,
            f"{self} knows no splits: it counts wholly as test, and all {len(items)} images are read as {split} here",
        )
        return {split: items}

    def images(self) -> list[str]:
        """Every image, unchecked; also those that a datalist names and that are not there."""
        if self.layout is datalist_file:
            return datalist_file.images(self.found)
        problems = Problems(strict=False)
        splits = self.layout.splits(self.found)
        return [item["image"] for split in splits for item in self.layout.read(self.found, split, problems)]


def recognise(root: Path) -> Source:
    """The layout of one root.

    Raises:
        DataError: no layout fits, because nothing below ``root`` is an image.
    """
    for layout in LAYOUTS:
        found = layout.find(root)
        if found is not None:
            return Source(root, layout, found)
    if root.is_file():
        raise DataError(f"{root} is a file; give a folder, or a datalist.json (mt-transunet app takes one image)")
    suffixes = " ".join(suffix[1:] for suffix in IMAGE_SUFFIXES)
    raise DataError(f"{root} is empty of images: none below it ({suffixes}), it holds {describe_contents(root)}")


def load_datalist(
    dataset_dir: DatasetDir,
    *,
    splits: str | Sequence[str] = ("training", "validation"),
    additional_dir: DatasetDir | None = None,
    headers: bool = True,
) -> dict[str, list[Item]]:
    """Read the asked splits of a dataset; no other split is touched.

    Args:
        dataset_dir: a folder in any layout, a datalist.json, or several in a list (or in a string that
            spells one); the results are joined, copies of an image kept as separate items.
        splits: of training, validation, test (or train, val, test).
        additional_dir: images for the second stream, read only with ``training``; masks are not used.
        headers: open the header of every file. Folder inference, which reports bad files itself, does not.

    Returns:
        A list of items per asked split. With ``training`` also ``unlabelled``, the second stream:
        the training images without a mask, then ``additional_dir``; ``training`` itself has masks only.
        ``validation`` or ``test`` asked for beside another split may be empty, which is logged.

    Raises:
        DataError: anything that is refused, by name and with the remedy.
        ContaminationError: images of the ISIC-2017 test split among those to train on.
    """
    asked = _asked(splits)
    roots = dataset_roots(dataset_dir)
    problems = Problems(strict=True)
    lists = _read_roots(roots, asked, problems)
    if "training" in asked:
        additional_roots = dataset_roots(additional_dir) if additional_dir else []
        roots += additional_roots
        streams = {
            "training": [item for item in lists["training"] if "mask" in item],
            "unlabelled": [item for item in lists["training"] if "mask" not in item]
            + read_additional(additional_roots, problems),
        }
        lists |= guard_training(streams)
    check_sides(lists, problems)
    if headers:
        for items in lists.values():
            check_headers(items, [str(root) for root in roots])
    logger.info(", ".join(f"{name} {len(items)}" for name, items in lists.items()))
    return lists


def read_additional(roots: Sequence[Path], problems: Problems) -> list[Item]:
    """The second stream's own images: training split or whole folder of each root, without masks.

    Raises:
        DataError: a root without images to train on.
    """
    items: list[Item] = []
    for root in roots:
        source = recognise(root)
        split = "test" if source.layout.WHOLE else "training"
        if split not in source.layout.splits(source.found):
            raise DataError(f"additional_dir: no {split} split in {source}; give a folder of images with a diagnosis")
        found = source.layout.read(source.found, "training", problems)
        unused = ", their masks unused" if any("mask" in item for item in found) else ""
        logger.info(f"second stream: {len(found)} images{unused}, {source}")
        items += [{key: value for key, value in item.items() if key != "mask"} for item in found]
    return items


def describe_roots(dataset_dir: DatasetDir | None) -> list[dict[str, object]]:
    """Name, layout and splits of each root: what a record may say of data without a path of the machine."""
    sources = [recognise(root) for root in dataset_roots(dataset_dir)] if dataset_dir else []
    return [
        {"name": source.root.name, "layout": source.layout.NAME, "splits": list(source.layout.splits(source.found))}
        for source in sources
    ]


def find_images(dataset_dir: DatasetDir) -> list[str]:
    """Every image of a dataset in any layout, whatever its split, by path and unchecked: it may not be there.

    Raises:
        DataError: the folder does not exist or holds no image.
    """
    sources = [recognise(root) for root in dataset_roots(dataset_dir)]
    found = [path for source in sources for path in source.images()]
    if not found:
        raise DataError(f"{' and '.join(map(str, sources))}: no image is there")
    return sorted(set(found))


def _asked(splits: str | Sequence[str]) -> tuple[str, ...]:
    names = [splits] if isinstance(splits, str) else list(splits)
    asked = tuple(dict.fromkeys(SPLITS.get(name, name) for name in names))
    wrong = [name for name in asked if name not in SPLITS.values()]
    if wrong or not asked:
        raise DataError(f"split must be one of {', '.join(SPLITS)}, got {', '.join(map(repr, wrong)) or 'none'}")
    return asked


def _read_roots(roots: Sequence[Path], asked: Sequence[str], problems: Problems) -> dict[str, list[Item]]:
    """Join the roots; the first asked split must not be missing everywhere, of the others one may."""
    lists: dict[str, list[Item]] = {split: [] for split in asked}
    found = []
    for root in roots:
        source = recognise(root)
        for split, items in source.read(asked, problems).items():
            lists[split] += items
        found.append(f"{source} ({', '.join(source.layout.splits(source.found)) or 'no images'})")
    logger.info(f"found {'; '.join(found)}")

    missing = [split for split in asked if not lists[split]]
    if len(missing) == len(asked) or "training" in missing:
        raise DataError(
            f"no {' and no '.join(missing)} split: found {'; '.join(found)}; name a split that is there, "
            "or a dataset_dir that holds it"
        )
    for split in missing:
        logger.warning(f"no {split} split in {'; '.join(found)}: it stays empty")
    return lists
