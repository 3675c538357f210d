# SPDX-License-Identifier: Apache-2.0
"""What inference on a folder leaves beside the masks."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events

from .. import CLASS_NAMES
from ..atomic import write_bytes, write_csv
from .pictures import encoded_panel, image_path

__all__ = ["PredictionWriter"]

logger = logging.getLogger(__name__)


class PredictionWriter:
    """Writes ``predictions.csv``, a row per image, and an overlay beside each mask.

    Images that could not be read have their row too, ``status`` saying why, and are listed last in the log.

    Args:
        output_dir: where to; the masks are there already.
        names: output name of each image path (``OutputNames``).
        refused: image path -> why it could not be read.
        overlays: whether to draw them.
    """

    def __init__(
        self,
        output_dir: str | os.PathLike,
        *,
        names: Mapping[str, str],
        refused: Mapping[str, str],
        overlays: bool = True,
    ) -> None:
        self.output_dir = Path(output_dir)
        self.names = names
        self.refused = dict(refused)
        self.overlays = overlays
        self.rows: list[dict[str, Any]] = []

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._add)
        engine.add_event_handler(Events.COMPLETED, self._finish)

    def _add(self, engine: Engine) -> None:
        for batch, output in zip(engine.state.batch, engine.state.output):
            path = image_path(batch)
            name = self.names[path]
            probabilities = [float(value) for value in output["pred_class_logits"]]
            overlay = f"{name}_overlay.jpg"
            if self.overlays:
                write_bytes(self.output_dir / overlay, encoded_panel(batch, output))
            self.rows.append(
                {
                    "image": path,
                    "status": "ok",
                    **{key: round(value, 6) for key, value in zip(CLASS_NAMES, probabilities)},
                    "predicted": CLASS_NAMES[probabilities.index(max(probabilities))],
                    "lesion_fraction": round(float(output["pred_mask"].float().mean()), 6),
                    "mask": f"{name}_mask.png",
                    "overlay": overlay if self.overlays else "",
                }
            )

    def _finish(self, engine: Engine) -> None:
        refused = [{"image": path, "status": reason} for path, reason in self.refused.items()]
        write_csv(self.output_dir / "predictions.csv", [*self.rows, *refused])
        logger.info(f"{len(self.rows)} images segmented and classified into {self.output_dir}")
        for path, reason in self.refused.items():
            logger.warning(f"not processed: {path}: {reason}")
