# SPDX-License-Identifier: Apache-2.0
"""A packaged bundle as a repository of the Hugging Face hub, on this machine: to look at before it is uploaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from .archive import MANIFEST, changed_files

__all__ = ["require_free", "write_hub_folder"]

_FRONT_MATTER = "---\ntags:\n- monai\n- medical\nlibrary_name: monai\nlicense: apache-2.0\n---\n"


def write_hub_folder(bundle: Path, folder: Path) -> Path:
    """Write ``folder/<name>/``: the files that MONAI's ``push_to_hf_hub`` uploads of a packaged bundle, no others.

    These are the bundle's own and ``README.md`` at the root, the hub's model card: ``docs/README.md`` under the tags
    and the licence that MONAI puts there. MONAI writes that card into the folder it uploads, whereupon a packaged
    bundle counts as changed; so upload from this copy. Nothing is sent anywhere.

    Args:
        bundle: folder that ``package_bundle`` wrote.
        folder: made where it is missing; the ``--bundle_dir`` of an upload.

    Raises:
        ValueError: ``bundle`` is not as it was packaged, or ``folder`` has one of this name already.
    """
    target = folder / bundle.name
    require_free(target)
    _require_packaged(bundle)
    unfinished = folder / f".unfinished.{bundle.name}"
    shutil.rmtree(unfinished, ignore_errors=True)  # of a call that was killed
    try:
        shutil.copytree(bundle, unfinished, ignore=shutil.ignore_patterns("__pycache__"))
        card = (bundle / "docs" / "README.md").read_text(encoding="utf-8")
        (unfinished / "README.md").write_text(_FRONT_MATTER + card, encoding="utf-8")
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def require_free(target: Path) -> None:
    """Raises ValueError where something lies already: what was uploaded from it is not replaced."""
    if target.exists():
        raise ValueError(f"{target} exists; move it away, or give another folder")


def _require_packaged(bundle: Path) -> None:
    try:
        changed = changed_files(bundle, json.loads((bundle / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ValueError(f"{bundle} is no packaged bundle ({error}); mt-transunet package writes one") from error
    if changed:
        raise ValueError(f"{bundle} was changed since it was packaged ({', '.join(changed[:3])}); package it anew")
