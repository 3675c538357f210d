# SPDX-License-Identifier: Apache-2.0
"""What inference on a folder leaves beside the masks."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ignite.engine import Engine, Events

from ..atomic import write_bytes, write_chunks, write_csv, write_json
from ..data.reading import is_turned
from ..dicom import is_dicom, millimetres_per_pixel
from .coco import coco_chunks, outline_of
from .folder_lock import lock_folder, lock_while_running, unlock_folder
from .journal import PredictionJournal
from .pictures import encoded_panel, image_path, photograph, plane

__all__ = ["PredictionWriter"]

logger = logging.getLogger(__name__)

_OBJECT = "_mask.dcm"


class PredictionWriter:
    """Keeps a record and draws an overlay for every image as it is done, and writes the tables at the end.

    ``predictions.csv`` has a row per image, ``predictions.json`` the same with types and the settings of the run,
    ``annotations.json`` the masks for annotation tools (COCO). Images that could not be read have their row too,
    ``status`` saying why, and are listed last in the log. A folder that another process writes to is refused with a
    ValueError before the first image.

    Args:
        output_dir: where to.
        saving: writes the mask of an item of the evaluator's output as a file.
        names: output name of each image path (``OutputNames``).
        journal: keeps the records; what it holds of earlier calls goes into the tables as well.
        findings: columns of a row from the photograph (H, W, 3), the mask (H, W), the evaluator's output, and
            ``millimetres_per_pixel`` and ``turned`` as far as the photograph says, and its ``path``.
        overlays: whether to draw them.
        dicom_seg: makes ``_mask.dcm`` from path and mask of a photograph that came as DICOM; None: there is none.
        more_files: endings of further files that were made from each image, such as ``_mask.nii.gz``.
        said: what stands before the journal's settings in ``predictions.json`` though no image is done again for it,
            such as where the weights lie.
    """

    def __init__(
        self,
        output_dir: str | os.PathLike,
        *,
        saving: Callable[[Mapping[str, Any]], Any],
        names: Mapping[str, str],
        journal: PredictionJournal,
        findings: Callable[..., Mapping[str, Any]],
        overlays: bool = True,
        dicom_seg: Callable[[str, np.ndarray], bytes | None] | None = None,
        more_files: Iterable[str] = (),
        said: Mapping[str, Any] | None = None,
    ) -> None:
        self.output_dir = Path(output_dir)
        self.saving = saving
        self.names = names
        self.journal = journal
        self.findings = findings
        self.overlays = overlays
        self.dicom_seg = dicom_seg
        self.more_files = tuple(more_files)
        self.said = dict(said or {})

    def attach(self, engine: Engine) -> None:
        lock_while_running(engine, self.output_dir, owner=self)
        engine.add_event_handler(Events.STARTED, self._begin)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._add)

    def _begin(self, engine: Engine) -> None:
        self.journal.begin()

    def _add(self, engine: Engine) -> None:
        for batch, output in zip(engine.state.batch, engine.state.output):
            path = image_path(batch)
            self.saving(output)
            name = self.names[path]
            picture, mask = photograph(path), plane(output["pred_mask"]) > 0
            scale = millimetres_per_pixel(picture)
            known = {"millimetres_per_pixel": scale, "turned": is_turned(picture), "path": path}
            found = self.findings(np.asarray(picture), mask, output, **known)
            row = {"image": path, "status": "ok", **found}
            row |= {"mask": f"{name}_mask.png", "overlay": f"{name}_overlay.jpg" if self.overlays else None}
            if self.overlays:
                write_bytes(self.output_dir / row["overlay"], encoded_panel(batch, output, picture))
            files = [file for file in (row["mask"], row["overlay"]) if file]
            files += [f"{name}{ending}" for ending in self.more_files]
            files += self._segmentation_object(path, mask)
            self.journal.add({"image": path, "files": files, "row": row, "outline": outline_of(mask)})

    def _segmentation_object(self, path: str, mask: np.ndarray) -> list[str]:
        """Name of the DICOM segmentation that was written, if any was."""
        content = self.dicom_seg(path, mask) if self.dicom_seg is not None and is_dicom(path) else None
        if content is None:
            return []
        name = f"{self.names[path]}{_OBJECT}"
        write_bytes(self.output_dir / name, content)
        return [name]

    def finish(self, images: Iterable[str], refused: Mapping[str, str]) -> None:
        """Write the tables of all ``images`` that are done, in this call or before, and of the ``refused`` ones.

        Args:
            images: paths in the order of the rows.
            refused: image path -> why it could not be read.
        """
        lock_folder(self.output_dir, owner=self)  # where there was nothing to do, no engine has
        images = list(images)
        # of each record only what the tables need: outlines are long
        kept = [(record["row"], record["files"]) for record in self.journal.records(images)]
        rows = [row for row, _ in kept]
        failed = [{"image": path, "status": reason} for path, reason in refused.items()]
        settings = {**self.said, **self.journal.settings}
        write_json(self.output_dir / "predictions.json", {"settings": settings, "images": [*rows, *failed]})
        write_chunks(self.output_dir / "annotations.json", coco_chunks(lambda: self.journal.records(images)))
        # last, for it marks a folder that inference has written to
        write_csv(self.output_dir / "predictions.csv", [_cells(row) for row in [*rows, *failed]])
        unlock_folder(self.output_dir, owner=self)
        logger.info(f"{len(rows)} images segmented and classified in {self.output_dir}")
        without = sum(not any(name.endswith(_OBJECT) for name in files) for _, files in kept)
        if without and self.dicom_seg is not None:
            logger.info(f"{without} of them have no segmentation object: they came not as DICOM, or in several frames")
        for path, reason in refused.items():
            logger.warning(f"not processed: {path}: {reason}")


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as a table holds it: flags as words, an unknown value as nothing."""
    cells = {**row, "flags": "; ".join(row.get("flags", []))}
    return {name: "" if value is None else value for name, value in cells.items()}
