# SPDX-License-Identifier: Apache-2.0
"""Which images weights were trained on, as a list beside them, so that nobody takes figures on these for new ones'."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .atomic import write_bytes
from .data.errors import name_some
from .data.image_digest import image_digest
from .data.items import Item
from .networks.members import member_files
from .networks.provenance import read_provenance, weights_file
from .networks.weight_files import WeightsError

__all__ = ["ENDING", "join_seen_images", "list_record", "seen_among", "seen_images", "write_seen_images"]

ENDING = ".images.txt"
"""``lite.pt`` -> ``lite.images.txt``: an ``image_digest`` a line, sorted."""

logger = logging.getLogger(__name__)

Weights = str | Path | Sequence[str | Path]


def write_seen_images(weights: str | Path, items: Iterable[Item], initial_weights: Weights | None = None) -> Path:
    """Write the list of weights to be: the images they are trained on, and those their initial weights have seen."""
    earlier = None if initial_weights is None else seen_images(initial_weights)
    return _write(Path(weights), {image_digest(item) for item in items} | (earlier or set()))


def join_seen_images(weights: Weights, destination: Path) -> Path | None:
    """Write the list of weights that are made of others; where one of those has none, there is none, and None returned.

    Call it before ``destination`` itself is written: a list that lies there is of other weights.
    """
    destination.with_suffix(ENDING).unlink(missing_ok=True)
    found = seen_images(weights)
    return None if found is None else _write(destination, found)


def seen_images(weights: Weights) -> set[str] | None:
    """What the lists beside one file of weights, or several, hold; None where one has none.

    Raises:
        WeightsError: a list is not the one that the record of its weights describes.
    """
    found: set[str] = set()
    for file in member_files(weights):
        path, described = weights_file(Path(file)).with_suffix(ENDING), (read_provenance(file) or {}).get(
            "learned_from"
        )
        if not path.is_file():
            return None
        if described and hashlib.sha256(path.read_bytes()).hexdigest() != described["sha256"]:
            raise WeightsError(f"{path} is not the list that the record of {file} describes; restore both")
        found |= set(path.read_text(encoding="utf-8").split())
    return found


def list_record(weights: Path) -> dict[str, Any] | None:
    """What a provenance record says of the list beside weights: how many ``images``, and its ``sha256``."""
    path = weights.with_suffix(ENDING)
    if not path.is_file():
        return None
    content = path.read_bytes()
    return {"images": len(content.split()), "sha256": hashlib.sha256(content).hexdigest()}


def seen_among(items: Sequence[Item], weights: Weights) -> int | None:
    """How many of the images the weights were trained on, which a warning tells too; None where no list says it."""
    seen = seen_images(weights)
    if seen is None:
        return None
    found = [item.get("image_id") or Path(item["image"]).stem for item in items if image_digest(item) in seen]
    if found:
        names = " and ".join(str(file) for file in member_files(weights))
        logger.warning(
            f"{len(found)} of the {len(items)} images to judge by are among those that {names} learned from: figures "
            f"on them are too good ({name_some(found)})"
        )
    return len(found)


def _write(weights: Path, digests: set[str]) -> Path:
    return write_bytes(weights.with_suffix(ENDING), "".join(f"{digest}\n" for digest in sorted(digests)).encode())
