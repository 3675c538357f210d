# SPDX-License-Identifier: Apache-2.0
"""From the evaluator's outputs to figures on disk."""

from __future__ import annotations

import heapq
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ignite.engine import Engine, Events

from .. import CLASS_NAMES
from ..atomic import write_bytes, write_csv, write_json
from ..metrics import check_classification, summarise
from ..metrics.summary_text import summary_text
from ..reports.evaluation_section import overlay_name
from ..run_files import METRICS, PER_IMAGE
from .evaluation_folder import refuse_another_evaluation
from .folder_lock import lock_while_running, unlock_folder
from .pictures import encoded_panel

__all__ = ["evaluated_items", "EvaluationWriter"]

logger = logging.getLogger(__name__)


def evaluated_items(outputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What ``LesionMetric`` needs of the evaluator's decollated outputs after postprocessing.

    Prediction and mask are both as MONAI's reader gives them, columns before rows: no figure depends on the order.
    """
    return [
        {
            "image_id": output["true_image_id"],
            "group": output.get("true_group"),
            "prediction": output["pred_mask"],
            "mask": output["true_mask"] >= 128 if "true_mask" in output else None,
            "probabilities": output["pred_class_logits"],
            "label": int(output.get("true_label", -1)),
            "confidence": output.get("pred_confidence", {}),
        }
        for output in outputs
    ]


class _HasRows(Protocol):
    rows: list[dict[str, Any]]


class EvaluationWriter:
    """Writes ``metrics.json``, ``per_image.csv`` and pictures of the worst and best masks when evaluation ends.

    A folder with an evaluation of another protocol, or one that another process writes to, is refused with a ValueError
    before the first image.

    Args:
        output_dir: where to.
        metric: its ``rows`` hold the figures per image.
        protocol: what was evaluated and how, stored beside the figures.
        resamples, seed: of the bootstrap.
        pictures: how many overlays of either end of the Jaccard list to write.
    """

    def __init__(
        self,
        output_dir: str | os.PathLike,
        *,
        metric: _HasRows,
        protocol: Mapping[str, Any],
        resamples: int = 2000,
        seed: int = 0,
        pictures: int = 6,
    ) -> None:
        self.output_dir = Path(output_dir)
        self.metric = metric
        self.protocol = {**protocol, "seed": seed, "resamples": resamples}
        self.resamples = resamples
        self.seed = seed
        self.pictures = pictures
        self._worst: list[tuple[float, str, bytes]] = []
        self._best: list[tuple[float, str, bytes]] = []

    def attach(self, engine: Engine) -> None:
        lock_while_running(engine, self.output_dir, owner=self)
        engine.add_event_handler(Events.STARTED, self._refuse_another)
        if self.pictures > 0:
            engine.add_event_handler(Events.ITERATION_COMPLETED, self._keep_picture)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def _refuse_another(self, engine: Engine) -> None:
        refuse_another_evaluation(self.output_dir, self.protocol)

    def _keep_picture(self, engine: Engine) -> None:
        figures = {row["image_id"]: row for row in self.metric.rows[-len(engine.state.output) :]}
        for batch, output in zip(engine.state.batch, engine.state.output):
            jaccard = figures[output["true_image_id"]].get("JA")
            if jaccard is None or jaccard != jaccard:
                continue
            for heap, rank in ((self._worst, -jaccard), (self._best, jaccard)):
                if len(heap) < self.pictures or rank > heap[0][0]:
                    entry = (rank, output["true_image_id"], encoded_panel(batch, output))
                    (heapq.heappush if len(heap) < self.pictures else heapq.heapreplace)(heap, entry)

    def __call__(self, engine: Engine) -> None:
        summary = summarise(self.metric.rows, resamples=self.resamples, seed=self.seed)
        labels = [row.get("label", -1) for row in self.metric.rows]
        positives = {name: labels.count(number) for number, name in enumerate(CLASS_NAMES) if number > 0}
        check_classification(summary["classification"], positives)
        write_json(self.output_dir / METRICS, {**summary, "protocol": self.protocol})
        write_csv(self.output_dir / PER_IMAGE, self.metric.rows)
        for _, image_id, picture in (*self._worst, *self._best):
            write_bytes(self.output_dir / overlay_name(image_id), picture)
        unlock_folder(self.output_dir, owner=self)
        logger.info(f"{summary_text(summary, self.protocol)}\nwritten to {self.output_dir}")
