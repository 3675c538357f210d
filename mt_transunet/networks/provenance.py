# SPDX-License-Identifier: Apache-2.0
"""Where weights come from: the record beside them, and whether they are the file it describes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ..run_files import MODEL, RECORD
from .weight_files import WeightsError

__all__ = ["check_provenance", "read_provenance", "trained_at", "weights_file", "weights_hash"]


def weights_file(path: Path) -> Path:
    """The file itself, or model.pt of a run folder.

    Raises:
        WeightsError: a folder without model.pt.
    """
    if not path.is_dir():
        return path
    if not (path / MODEL).is_file():
        raise WeightsError(f"run folder {path} holds no model.pt; let its training finish, or give another folder")
    return path / MODEL


def weights_hash(path: str | Path) -> str:
    """SHA-256 of a file of weights, or of the model.pt of a run folder: what figures are tied to."""
    return hashlib.sha256(weights_file(Path(path)).read_bytes()).hexdigest()


def read_provenance(path: str | Path) -> dict[str, Any] | None:
    """The record of shipped weights, `<name>.json` beside `<name>.pt`; None where there is none.

    Raises:
        WeightsError: the record is no JSON object with a `sha256`.
    """
    record = weights_file(Path(path)).with_suffix(".json")
    if not record.is_file():
        return None
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        content["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{record} is no provenance record ({error!r}); restore it, or move it away") from error
    return content


def check_provenance(path: Path, *, required: bool = False) -> None:
    """Refuse weights that are not the file their record describes.

    Args:
        path: the file of weights.
        required: whether a missing record is refused too, as for the shipped weights.

    Raises:
        WeightsError: naming both hashes, or the record that is missing.
    """
    record = read_provenance(path)
    if record is None:
        if required:
            raise WeightsError(
                f"{path} has no provenance record {path.with_suffix('.json').name} beside it, so nothing says what it "
                "is; restore both from the repository, or keep weights of your own elsewhere and pass --weights"
            )
        return
    found = weights_hash(path)
    if found != record["sha256"]:
        raise WeightsError(
            f"{path} is not the file that {path.with_suffix('.json').name} describes: SHA-256 {found[:12]}..., not "
            f"{str(record['sha256'])[:12]}...; restore it from the repository, or keep weights of your own elsewhere "
            f"(or move {path.with_suffix('.json').name} away, where these are your own)"
        )


def trained_at(path: str | Path) -> dict[str, Any]:
    """What of its training a network must be used with, as far as is known: `image_size`, `view_sizes`.

    Read from the provenance record, or from the config.json that a run leaves beside its weights. `image_size` is the
    side in pixels the network was trained at, `view_sizes` the sides of test-time views.

    Raises:
        WeightsError: a record that says it in no way that can be read.
    """
    content = read_provenance(path)
    record = weights_file(Path(path)).with_name(RECORD)
    if content is None and record.is_file():
        content = _settings(record)
    sizes = {key: (content or {}).get(key) for key in ("image_size", "view_sizes")}
    return {key: value for key, value in sizes.items() if value}


def _settings(record: Path) -> dict[str, Any]:
    """What a run's config.json says it was trained with."""
    try:
        settings = dict(json.loads(record.read_text(encoding="utf-8")).get("settings") or {})
        sizes = [settings.get("image_size") or 0, *(settings.get("view_sizes") or ())]
        if any(isinstance(size, bool) or size != int(size) for size in sizes):
            raise ValueError(f"sizes {sizes}")
    except (ValueError, TypeError, AttributeError) as error:
        raise WeightsError(f"{record} is no record of a run ({error}); restore it, or move it away") from error
    return settings
