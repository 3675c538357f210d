# SPDX-License-Identifier: Apache-2.0
"""The ISIC-2017 challenge folders as the archive unpacks them."""

from __future__ import annotations

from pathlib import Path

from .diagnosis_csv import match_diagnoses, read_diagnoses
from .errors import Problems
from .image_files import holder, images_in
from .items import Item, make_item

NAME = "ISIC-2017 challenge folders"
WHOLE = False  # knows its own splits

_SPLIT_FOLDERS = {"training": "Training", "validation": "Validation", "test": "Test_v2"}
_MASK_ENDING = "_segmentation"


def find(root: Path) -> Path | None:
    """The folder that holds the challenge's folders: ``root`` itself or the one below it."""
    return holder(root, _holds_any_part)


def splits(found: Path) -> list[str]:
    """The splits whose image folder is there."""
    return [split for split in _SPLIT_FOLDERS if _part(found, split, "Data").is_dir()]


def read(found: Path, split: str, problems: Problems) -> list[Item]:
    """The items of one split; masks and diagnoses are optional, each as a whole.

    Refused: an empty image folder, a mask or a diagnosis without its image, an image without its
    diagnosis. An image without mask beside a mask folder is noted.
    """
    folder = _part(found, split, "Data")
    images = images_in(folder)
    if folder.is_dir() and not images:
        problems.refuse(f"{folder} is empty: it holds no images", remedy="unpack the archive again or remove it")
    masks = _masks(found, split, images, problems)
    labels = _labels(found, split, images, problems)
    return [make_item(path, mask=masks.get(path.stem), label=labels.get(path)) for path in images]


def _masks(found: Path, split: str, images: list[Path], problems: Problems) -> dict[str, Path]:
    folder = _part(found, split, "Part1_GroundTruth")
    if not folder.is_dir():
        if images:
            problems.lack(f"{found}: no {split} masks ({folder.name} is not there)")
        return {}
    files = images_in(folder)
    masks: dict[str, Path] = {}
    for path in files:
        if not path.stem.lower().endswith(_MASK_ENDING):
            continue
        if (other := masks.setdefault(path.stem[: -len(_MASK_ENDING)], path)) is not path:
            problems.refuse(f"two masks of one image: {path.name} and {other.name} in {folder}", remedy="keep one")
    others = [path.name for path in files if not path.stem.lower().endswith(_MASK_ENDING)]
    if others:
        problems.note(f"{folder}: {len(others)} files are not named <id>{_MASK_ENDING}.png and are not read", others)

    stems = {path.stem for path in images}
    orphans = [path.name for image_id, path in masks.items() if image_id not in stems]
    if orphans:
        remedy = "restore the images or remove the masks"
        problems.refuse(f"mask without image: {len(orphans)} in {folder}", orphans, remedy)
    bare = [path.stem for path in images if path.stem not in masks]
    if bare:
        use = "they join the second stream" if split == "training" else "they count for the class only"
        problems.note(f"{split}: {len(bare)} images have no mask in {folder.name} ({use})", bare)
    return masks


def _labels(found: Path, split: str, images: list[Path], problems: Problems) -> dict[Path, int]:
    table = _part(found, split, "Part3_GroundTruth.csv")
    if not table.is_file():
        if images:
            problems.lack(f"{found}: no {split} diagnoses ({table.name} is not there)")
        return {}
    labels = read_diagnoses(table, problems)
    return match_diagnoses(images, labels, table=table, problems=problems) if labels is not None else {}


def _part(found: Path, split: str, part: str) -> Path:
    """A folder or file of the challenge; some unpackers put a folder into one of the same name."""
    path = found / f"ISIC-2017_{_SPLIT_FOLDERS[split]}_{part}"
    return path / path.name if (path / path.name).exists() else path


def _holds_any_part(folder: Path) -> bool:
    parts = ("Data", "Part1_GroundTruth", "Part3_GroundTruth.csv")
    return any(_part(folder, split, part).exists() for split in _SPLIT_FOLDERS for part in parts)
