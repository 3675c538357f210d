# SPDX-License-Identifier: Apache-2.0
"""Bundles that carry all they need, for the model zoo and for MONAI Label."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

from ..networks.variants import VARIANTS, known
from .archive import MANIFEST, changed_files, write_archive, write_manifest
from .metadata import BUNDLE_NAMES
from .tree import write_tree

__all__ = ["BUNDLE_NAMES", "package_bundle"]

logger = logging.getLogger(__name__)


def package_bundle(variant: str, out: Path, *, weights: Path | None = None, linked: bool = False) -> list[Path]:
    """Write ``<name>/`` and ``<name>.zip`` into ``out`` and return their paths.

    The folder appears whole or not at all. One that an earlier call wrote, and nobody changed since, is replaced.

    Args:
        variant: "lite" or "paper".
        out: folder, made where it is missing.
        weights: file or run folder to pack; None takes the variant's shipped weights.
        linked: links to this source tree's code in place of a copy, to try changes on a server; no zip then.

    Raises:
        ValueError: an unknown variant, no weights or those of another network, or a folder with changes in the way.
        RuntimeError: the source tree is not here.
    """
    known("variant", variant, VARIANTS)
    target = out / BUNDLE_NAMES[variant]
    _refuse_changes(target)
    unfinished = out / f".unfinished.{target.name}" / target.name
    shutil.rmtree(unfinished.parent, ignore_errors=True)  # of a call that was killed
    try:
        write_tree(unfinished, variant=variant, weights=weights, linked=linked)
        write_manifest(unfinished)
        archive = out / f"{target.name}.zip"
        if linked and archive.exists():
            logger.info(f"{archive} of an earlier call is removed: this folder differs from it")
            archive.unlink()
        archives = [] if linked else [write_archive(unfinished, archive)]
        shutil.rmtree(target, ignore_errors=True)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished.parent, ignore_errors=True)
    return [target, *archives]


def _refuse_changes(target: Path) -> None:
    """A packaged bundle is trained in place by MONAI Label: its new weights are nobody's to overwrite."""
    if not target.exists():
        return
    try:
        changed = changed_files(target, json.loads((target / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ValueError(f"{target} is no packaged bundle ({error}); give another folder") from error
    if changed:
        shown = ", ".join(changed[:3]) + (", ..." if len(changed) > 3 else "")
        raise ValueError(f"{target} was changed since it was written ({shown}); move it away, or give another folder")
