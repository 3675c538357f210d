# SPDX-License-Identifier: Apache-2.0
"""What a list says of its images: corrected, it is the truth of another training and another evaluation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from .items import Item, canonical_id

__all__ = ["truth_hash"]


def truth_hash(items: Iterable[Item]) -> str:
    """SHA-256 of each image's id, diagnosis and mask file, sorted: equal wherever the files lie.

    A mask that is not there counts as an empty file; who reads it says so.
    """
    masks: dict[str, str] = {}
    lines = []
    for item in items:
        label = item.get("label")
        # an annotation server names its masks under label
        mask, diagnosis = (label, None) if isinstance(label, str) else (item.get("mask"), label)
        if mask is not None and mask not in masks:
            masks[mask] = _content(mask)
        name = canonical_id(item.get("image_id") or Path(item["image"]).stem)
        lines.append(f"{name} {diagnosis} {masks.get(mask)}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _content(mask: str) -> str:
    path = Path(mask)
    return hashlib.sha256(path.read_bytes() if path.is_file() else b"").hexdigest()
