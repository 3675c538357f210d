# SPDX-License-Identifier: Apache-2.0
"""One dataset divided into the sites of a federation, for a simulation on one machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mt_transunet.atomic import write_json
from mt_transunet.data import DataError, fold_of, load_datalist

__all__ = ["divide"]

Item = dict[str, Any]


def divide(
    dataset_dir: str | Path,
    folder: Path,
    *,
    names: Sequence[str],
    diagnoses_only: Sequence[str] = (),
    additional_dir: str | Path | None = None,
) -> dict[str, dict[str, int]]:
    """Write ``<folder>/<name>/datalist.json`` for every site; the images stay where they are.

    An image goes to the site that its group gives, or its id, so that images of a patient and copies of an image are
    together and every call divides alike.

    Args:
        dataset_dir, additional_dir: as ``load_datalist`` takes them; the training and validation splits are divided.
        names: of the sites.
        diagnoses_only: those among them whose masks are left out.

    Returns:
        How many images each site has: ``training``, ``masks`` among those, and ``validation``.

    Raises:
        DataError: a site gets no training image, or only images that its losses cannot use.
    """
    lists = load_datalist(dataset_dir, splits=("training", "validation"), additional_dir=additional_dir)
    splits = {"training": lists["training"] + lists["unlabelled"], "validation": lists["validation"]}
    counts = {}
    for index, name in enumerate(names):
        own = {
            split: [_seen(item, name in diagnoses_only) for item in items if _site(item, len(names)) == index]
            for split, items in splits.items()
        }
        if not any("mask" in item or "label" in item for item in own["training"]):
            raise DataError(
                f"{name} gets no training image with a mask or a diagnosis ({len(own['training'])} of "
                f"{len(splits['training'])} images); take fewer sites or more images"
            )
        write_json(folder / name / "datalist.json", own)
        masks = sum("mask" in item for item in own["training"])
        counts[name] = {"training": len(own["training"]), "masks": masks, "validation": len(own["validation"])}
    return counts


def _site(item: Item, sites: int) -> int:
    return fold_of(item.get("group", item["image_id"]), sites)


def _seen(item: Item, without_mask: bool) -> Item:
    return {key: value for key, value in item.items() if not (without_mask and key == "mask")}
