# SPDX-License-Identifier: Apache-2.0
"""Which images weights learned from, as a list beside them, so that nobody takes figures on these for new ones'."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .atomic import write_bytes
from .data.errors import name_some
from .data.image_digest import image_digest
from .data.items import Item
from .networks import member_files
from .networks.provenance import read_provenance, weights_file
from .networks.weight_files import WeightsError

__all__ = ["ENDING", "learned_from", "list_goes_along", "list_record", "seen_among", "write_seen_images"]

ENDING = ".images.txt"
"""``lite.pt`` -> ``lite.images.txt``: an ``image_digest`` a line, sorted. Without the file nobody knows."""

logger = logging.getLogger(__name__)

Weights = str | Path | Sequence[str | Path]


def write_seen_images(weights: str | Path, items: Iterable[Item], earlier: Set[str] | None = frozenset()) -> None:
    """Write the list of weights to be: the images they are trained on, and those their initial weights learned from.

    ``earlier`` is what :func:`learned_from` says of the latter. Where nobody knows, there is no list.
    """
    if earlier is None:
        _list_of(weights).unlink(missing_ok=True)
        return
    each_once = {item["image"]: item for item in items}  # classes may be repeated
    _write(weights, earlier | {image_digest(item) for item in each_once.values()})


@contextmanager
def list_goes_along(weights: Weights, destination: Path) -> Iterator[None]:
    """Whoever makes weights of others does it inside: the list follows them, if each of those has one.

    A kill in between leaves ``destination`` without a list, never with that of other weights.
    """
    found = learned_from(weights)
    _list_of(destination).unlink(missing_ok=True)
    yield
    if found is not None:
        _write(destination, found)


def learned_from(weights: Weights) -> set[str] | None:
    """What the lists beside one file of weights, or several, hold; None where one has none.

    Raises:
        WeightsError: a list is not the one that the record of its weights describes.
    """
    found: set[str] = set()
    for file in member_files(weights):
        path = _list_of(weights_file(Path(file)))
        if not path.is_file():
            return None
        digests = set(path.read_text(encoding="utf-8").split())
        described = (read_provenance(file) or {}).get("learned_from")
        if described and _hash(digests) != described["sha256"]:
            raise WeightsError(f"{path} is not the list that the record of {file} describes; restore both")
        found |= digests
    return found


def list_record(weights: Path) -> dict[str, Any] | None:
    """What a provenance record says of the list beside weights: how many ``images``, and ``sha256`` of its lines."""
    path = _list_of(weights)
    if not path.is_file():
        return None
    digests = set(path.read_text(encoding="utf-8").split())
    return {"images": len(digests), "sha256": _hash(digests)}


def seen_among(items: Sequence[Item], weights: Weights) -> int | None:
    """How many of the images the weights learned from, which a warning tells too; None where nobody knows."""
    seen = learned_from(weights)
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


def _list_of(weights: str | Path) -> Path:
    return Path(weights).with_suffix(ENDING)


def _write(weights: str | Path, digests: set[str]) -> None:
    write_bytes(_list_of(weights), "".join(f"{digest}\n" for digest in sorted(digests)).encode())


def _hash(digests: set[str]) -> str:
    """Of the lines, however they end: git may have changed that."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()
