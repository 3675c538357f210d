# SPDX-License-Identifier: Apache-2.0
"""Masks as annotation tools take them: COCO's polygons and run lengths."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import cv2
import numpy as np

from .. import CLASS_NAMES

__all__ = ["coco_chunks", "outline_of", "polygons", "run_lengths"]

_TOLERANCE = 0.5  # pixels between a border and the polygon that stands for it
_CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.int32)  # of a pixel, from its beginning


def run_lengths(mask: np.ndarray) -> dict[str, list[int]]:
    """COCO's uncompressed run-length encoding: exact, holes included.

    Args:
        mask: (H, W), non-zero inside.

    Returns:
        ``size`` [H, W] and ``counts``: pixels outside, inside, outside, ... column by column, beginning outside.
    """
    inside = (np.asarray(mask) != 0).flatten(order="F")
    changes = np.flatnonzero(np.diff(inside)) + 1
    edges = np.concatenate([[0] if inside[:1].any() else [], [0], changes, [len(inside)]]).astype(int)
    return {"size": list(mask.shape), "counts": np.diff(edges).tolist()}


def polygons(mask: np.ndarray) -> list[list[float]]:
    """Polygons [x, y, x, y, ...] around every part of the mask, through the middles of its border's pixels.

    Pixels begin at whole numbers, so a middle lies at a half. Holes are filled, straight stretches have no points,
    and a border may be half a pixel away: for tools that draw. A part that is a line or a point by its middles has the
    convex hull of its pixels' corners.
    """
    inside = (np.asarray(mask) != 0).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [_around(contour).flatten().tolist() for contour in contours]


def _around(contour: np.ndarray) -> np.ndarray:
    """(n, 2) corners of the polygon of one part, n of 3 or more."""
    polygon = cv2.approxPolyDP(contour, _TOLERANCE, closed=True)[:, 0]
    if len(polygon) > 2:
        return polygon + 0.5
    return cv2.convexHull((contour + _CORNERS).reshape(-1, 2))[:, 0].astype(float)


def outline_of(mask: np.ndarray) -> dict[str, Any]:
    """What a COCO annotation says of a mask: ``polygons``, ``rle``, ``bbox`` [x, y, width, height] and ``area``."""
    inside = (np.asarray(mask) != 0).astype(np.uint8)
    return {
        "polygons": polygons(inside),
        "rle": run_lengths(inside),
        "bbox": list(cv2.boundingRect(inside)),
        "area": int(inside.sum()),
    }


def coco_chunks(records: Callable[[], Iterator[Mapping[str, Any]]]) -> Iterator[bytes]:
    """A COCO file, record by record, so that many images need no more memory than one.

    Args:
        records: called twice, gives ``image`` (the path), ``row`` (``predicted`` and the probabilities) and
            ``outline`` (see :func:`outline_of`) of each image.

    Yields:
        Pieces of one JSON object. ``images`` have their path as ``file_name``. Each lesion is one annotation: its
        category is the likeliest diagnosis, ``score`` that one's probability, ``segmentation`` the polygons, and
        ``rle`` (beyond COCO's own keys) the exact mask. An image without lesion has none.
    """
    categories = [{"id": number, "name": name} for number, name in enumerate(CLASS_NAMES, start=1)]
    yield b'{"info": {"description": "MT-TransUNet: predicted lesions"},\n'
    yield f'"categories": {json.dumps(categories)},\n"images": ['.encode()
    yield from _listed(_image(number, record) for number, record in enumerate(records(), start=1))
    yield b'],\n"annotations": ['
    found = ((number, record) for number, record in enumerate(records(), start=1) if record["outline"]["area"])
    yield from _listed(_annotation(number, record) for number, record in found)
    yield b"]}\n"


def _listed(entries: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    for number, entry in enumerate(entries):
        yield (",\n" if number else "\n").encode() + json.dumps(entry).encode()


def _image(number: int, record: Mapping[str, Any]) -> dict[str, Any]:
    height, width = record["outline"]["rle"]["size"]
    return {"id": number, "file_name": record["image"], "height": height, "width": width}


def _annotation(number: int, record: Mapping[str, Any]) -> dict[str, Any]:
    row, found = record["row"], record["outline"]
    return {
        "id": number,
        "image_id": number,
        "category_id": 1 + CLASS_NAMES.index(row["predicted"]),
        "score": row[row["predicted"]],
        "segmentation": found["polygons"],
        "rle": found["rle"],
        "bbox": found["bbox"],
        "area": found["area"],
        "iscrowd": 0,
    }
