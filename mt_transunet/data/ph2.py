# SPDX-License-Identifier: Apache-2.0
"""The PH2 release: a folder per case, 8-bit BMP, and a table whose cells stand between ``||``."""

from __future__ import annotations

from pathlib import Path

from .errors import Problems
from .image_files import folders_in, holder, images_in
from .items import Item, make_item

NAME = "PH2 release"
WHOLE = True  # 200 cases without a split: a test set

_IMAGES_FOLDER = "PH2 Dataset images"
_TABLE = "PH2_dataset.txt"
_CLASS_OF_CODE = {"0": 0, "1": 0, "2": 1}  # common nevus, atypical nevus, melanoma


def find(root: Path) -> Path | None:
    """The folder that holds ``PH2 Dataset images`` or the case folders: ``root`` or the one below it."""
    return holder(root, _holds_cases)


def splits(found: Path) -> list[str]:
    """Always the test split."""
    return ["test"]


def read(found: Path, split: str, problems: Problems) -> list[Item]:
    """The cases as items; ``split`` changes nothing.

    Refused: a mask without image, an image that the table does not know, a diagnosis other than
    0, 1, 2. Rows of cases that are not there are noted: parts of the release are in circulation.
    """
    images, masks = _cases(found, problems)
    labels = _labels(found, problems)
    if labels:
        unknown = [image_id for image_id in images if image_id not in labels]
        if unknown:
            problems.refuse(f"unknown id: {_TABLE} has no row for {len(unknown)} images", unknown, "add the rows")
        absent = [image_id for image_id in labels if image_id not in images]
        if absent:
            problems.note(f"{len(absent)} of {len(labels)} cases of {_TABLE} are not there", absent)
    return [make_item(path, mask=masks.get(image_id), label=labels.get(image_id)) for image_id, path in images.items()]


def _cases(found: Path, problems: Problems) -> tuple[dict[str, Path], dict[str, Path]]:
    """Images and masks by case id."""
    images: dict[str, Path] = {}
    masks: dict[str, Path] = {}
    for case in folders_in(_images_folder(found)):
        image = _file(case / f"{case.name}_Dermoscopic_Image", case.name)
        mask = _file(case / f"{case.name}_lesion", f"{case.name}_lesion")
        if image is not None:
            images[case.name] = image
            if mask is not None:
                masks[case.name] = mask
        elif mask is not None:
            problems.refuse(f"mask without image: {mask}", remedy="restore the image or remove the case")
        else:
            problems.note(f"{case} holds neither image nor mask")
    bare = [image_id for image_id in images if image_id not in masks]
    if bare:
        problems.note(f"{len(bare)} cases have no mask", bare)
    return images, masks


def _labels(found: Path, problems: Problems) -> dict[str, int]:
    table = _images_folder(found).parent / _TABLE
    if not table.is_file():
        problems.lack(f"{found}: no diagnoses ({table.name} is not there)")
        return {}
    lines = table.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    rows = [[cell.strip() for cell in line.split("||")] for line in lines if line.strip().startswith("||")]
    header = [cell.lower() for cell in rows[0]] if rows else []
    missing = [column for column in ("name", "clinical diagnosis") if column not in header]
    if missing:
        problems.refuse(f"{table}: missing column {' and '.join(missing)}", remedy="take the release's own table")
        return {}

    name, code = header.index("name"), header.index("clinical diagnosis")
    labels: dict[str, int] = {}
    for row in rows[1:]:
        value = row[code] if len(row) > code else ""
        if row[name] in labels:
            problems.refuse(f"{table}: duplicate case {row[name]}", remedy="keep one row per case")
        elif value in _CLASS_OF_CODE:
            labels[row[name]] = _CLASS_OF_CODE[value]
        else:
            problems.refuse(
                f"{table}: clinical diagnosis of {row[name]} must be 0, 1 or 2, got {value!r}", remedy="correct the row"
            )
    return labels


def _holds_cases(folder: Path) -> bool:
    if (folder / _IMAGES_FOLDER).is_dir():
        return True
    return any((case / f"{case.name}_Dermoscopic_Image").is_dir() for case in folders_in(folder))


def _images_folder(found: Path) -> Path:
    inner = found / _IMAGES_FOLDER
    return inner if inner.is_dir() else found


def _file(folder: Path, stem: str) -> Path | None:
    return next((path for path in images_in(folder) if path.stem == stem), None)
