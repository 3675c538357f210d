# SPDX-License-Identifier: Apache-2.0
"""Look at every file of a dataset and report all that is found, without stopping at the first problem."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from ..mask_values import LESION_FROM
from .checks import check_sides, size_mismatch
from .contamination import official_test_ids_among, twins_among
from .data_report import DataReport, SplitSummary
from .errors import DataError, Problem, Problems
from .file_facts import FileFacts, look_at
from .items import SPLITS, Item
from .layouts import read_additional, recognise
from .roots import DatasetDir, dataset_roots

Facts = dict[str, FileFacts]
TRAINING_SIDE = ("training", "unlabelled")

_MASK_FLAWS = {
    "empty": "masks are empty",
    "lesion all around": "masks are lesion all around their border, as if white or a colour stood for skin",
    "grey values": "masks have values other than 0 and 255 (lesion is 128 and above)",
}


def check_data(dataset_dir: DatasetDir, additional_dir: DatasetDir | None = None) -> DataReport:
    """Read, decode and compare every image and mask of all splits.

    Never raises for what it finds: a folder that does not exist is an entry of the report's errors.
    """
    problems = Problems(strict=False)
    report = DataReport(missing=problems.absent, errors=problems.refused, notes=problems.noted)
    lists = _read_everything(dataset_dir, additional_dir, report, problems)
    if not any(lists.values()) and not problems.refused:
        problems.refuse(f"{dataset_dir} holds no image", remedy="name some in a list, or give another folder")
    facts = _look_at_all(lists)
    for name, items in lists.items():
        report.splits[name] = _summary(items, facts)
    _report_files(lists, facts, problems)
    _report_duplicates(lists, facts, report)
    check_sides(lists, problems)
    _report_contamination(lists, problems)
    _report_untaught(lists, problems)
    return report


def _read_everything(
    dataset_dir: DatasetDir, additional_dir: DatasetDir | None, report: DataReport, problems: Problems
) -> dict[str, list[Item]]:
    lists: dict[str, list[Item]] = {}
    for root in _roots(dataset_dir, problems):
        try:
            source = recognise(root)
            report.found.append(str(source))
            here = source.layout.splits(source.found)
            for split in here:
                lists.setdefault(split, []).extend(source.layout.read(source.found, split, problems))
            if not source.layout.WHOLE:
                for split in SPLITS.values():
                    if split not in here:
                        problems.lack(f"{source}: no {split} split")
        except DataError as error:
            problems.refuse(str(error))
    if additional_dir:
        for root in _roots(additional_dir, problems):
            try:
                lists.setdefault("unlabelled", []).extend(read_additional([root], problems))
                report.found.append(f"{recognise(root)} (additional)")
            except DataError as error:
                problems.refuse(str(error))
    return lists


def _roots(dataset_dir: DatasetDir, problems: Problems) -> list[Path]:
    try:
        return dataset_roots(dataset_dir)
    except DataError as error:
        problems.refuse(str(error))
        return []


def _look_at_all(lists: dict[str, list[Item]]) -> Facts:
    """Facts by path, each file once."""
    is_mask = {item[role]: role == "mask" for role, item in _files(lists)}
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        looks = pool.map(lambda entry: look_at(entry[0], is_mask=entry[1]), is_mask.items())
        return dict(zip(is_mask, tqdm(looks, total=len(is_mask), desc="checking files", leave=False)))


def _files(lists: dict[str, list[Item]]) -> list[tuple[str, Item]]:
    return [(role, item) for items in lists.values() for item in items for role in ("image", "mask") if role in item]


def _summary(items: list[Item], facts: Facts) -> SplitSummary:
    sizes = sorted((size for item in items if (size := facts[item["image"]].size)), key=lambda size: size[0] * size[1])
    return SplitSummary.of(items, (sizes[0], sizes[len(sizes) // 2], sizes[-1]) if sizes else ())


def _report_files(lists: dict[str, list[Item]], facts: Facts, problems: Problems) -> None:
    """Unreadable files, masks of another size, and what is wrong with masks."""
    paths = {item[role]: role for role, item in _files(lists)}
    broken = [f"{path} ({facts[path].error})" for path in paths if facts[path].error]
    if broken:
        problems.refuse(f"{len(broken)} unreadable files", broken, "replace them or remove them")

    pairs = [item for items in lists.values() for item in items if "mask" in item]
    for item in pairs:
        size, mask_size = facts[item["image"]].size, facts[item["mask"]].size
        if size and mask_size and size != mask_size:
            problems.refuse(size_mismatch(item, size, mask_size))
    _report_masks(sorted({item["mask"] for item in pairs}), facts, problems)


def _report_masks(paths: list[str], facts: Facts, problems: Problems) -> None:
    """Masks that would lose all their lesion, and those with odd values."""
    flawed: dict[str | None, list[str]] = {}
    for path in paths:
        flawed.setdefault(facts[path].mask_flaw, []).append(path)
    if lost := flawed.get("no lesion"):
        text = f"{len(lost)} masks are not empty and hold no value of {LESION_FROM} or more, so no lesion"
        problems.refuse(text, lost, "save them as 0 and 255")
    for flaw, text in _MASK_FLAWS.items():
        if found := flawed.get(flaw):
            problems.note(f"{len(found)} {text}", found)


def _report_duplicates(lists: dict[str, list[Item]], facts: Facts, report: DataReport) -> None:
    """Byte-identical images, flagged when they are on two sides of a split.

    No error, for the challenge's own folders hold such a pair (training ISIC_0012970, validation ISIC_0012127).
    """
    copies: dict[str, dict[str, str]] = {}
    for name, items in lists.items():
        side = "training" if name in TRAINING_SIDE else name
        for item in items:
            copies.setdefault(facts[item["image"]].digest, {})[item["image"]] = side
    groups = [paths for digest, paths in copies.items() if digest and len(paths) > 1]
    across = [paths for paths in groups if len(set(paths.values())) > 1]
    within = [paths for paths in groups if len(set(paths.values())) == 1]
    if across:
        text = f"{len(across)} byte-identical images across splits"
        report.flagged.append(Problem(text, tuple(_equations(across)), "keep each on one side"))
    if within:
        text = f"{len(within)} byte-identical images within a split"
        report.notes.append(Problem(text, tuple(_equations(within))))


def _equations(groups: Iterable[dict[str, str]]) -> list[str]:
    return [" = ".join(f"{side} {path}" for path, side in paths.items()) for paths in groups]


def _report_contamination(lists: dict[str, list[Item]], problems: Problems) -> None:
    trained_on = [item for name in TRAINING_SIDE for item in lists.get(name, [])]
    found = official_test_ids_among(trained_on)
    if found:
        text = f"contamination: {len(found)} images of the official ISIC-2017 test split are in the training data"
        problems.refuse(text, found, "remove them; a run would stop")
    twins = twins_among(trained_on)
    if twins:
        problems.note("byte-identical to ISIC-2017 test images and dropped from training by every run", twins)


def _report_untaught(lists: dict[str, list[Item]], problems: Problems) -> None:
    """What no image to train on can teach."""
    trained_on = [item for name in TRAINING_SIDE for item in lists.get(name, [])]
    if trained_on and not any("label" in item for item in trained_on):
        problems.note(
            "no image to train on has a diagnosis: a training learns masks, and leaves the diagnosis as it is"
        )
    training = lists.get("training", [])
    if training and not any("mask" in item for item in training):
        problems.note("no image to train on has a mask: only in a federation, where others have some, can these teach")
