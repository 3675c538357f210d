# SPDX-License-Identifier: Apache-2.0
"""Everything that is said of one image in a row of ``predictions.csv``."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from .. import CLASS_NAMES
from ..data.image_digest import image_digest
from ..measurements import measure_lesion
from ..metrics import SUSPECTED_FROM
from ..quality import DOUBTFUL_MASK, EXIF_ROTATED, SEEN_IN_TRAINING, DicePredictor, TypicalImages, image_flags

__all__ = ["Findings"]

logger = logging.getLogger(__name__)


class Findings:
    """Diagnosis, confidence, flags and measurements of one image, as far as the weights' record allows.

    Args:
        record: provenance record of the weights, empty for weights without one. Of it are used
            ``operating_points.melanoma_sensitivity_0.9``, ``predicted_dice`` (both by ``views``; the latter for what
            is doubtful) and ``typical_images``; what it does not hold is not said.
        views: preset that the image was seen with.
        millimetres_per_pixel: scale of all photographs, which goes before what one says of itself; without either,
            lengths stay in pixels.
        learned_from: ``image_digest`` of each image the weights learned from; None where nobody knows.
    """

    def __init__(
        self,
        *,
        record: Mapping[str, Any] | None = None,
        views: str,
        millimetres_per_pixel: float | None = None,
        learned_from: Collection[str] | None = None,
    ) -> None:
        record = record or {}
        points = (record.get("operating_points") or {}).get(SUSPECTED_FROM, {})
        point = points.get(views)
        self.threshold = point["threshold"] if point else None
        predictor = DicePredictor.of_record(record, views)
        self.doubtful = predictor.doubtful if predictor else 0.0
        if self.threshold is None or predictor is None:
            logger.warning(
                "with these weights and options nobody measured from which probability on melanoma is to be suspected "
                f"or how good masks are{_measured_with(points)}: both stay unsaid, and no mask is flagged as doubtful"
            )
        typical = record.get("typical_images")
        self.typical = TypicalImages.from_json(typical) if typical else None
        self.millimetres_per_pixel = millimetres_per_pixel
        self.learned_from = frozenset(learned_from or ())

    def __call__(
        self,
        photograph: np.ndarray,
        mask: np.ndarray,
        output: Mapping[str, Any],
        *,
        millimetres_per_pixel: float | None = None,
        turned: bool = False,
        path: str | os.PathLike | None = None,
    ) -> dict[str, Any]:
        """The columns between ``status`` and the file names.

        Args:
            photograph: (H, W, 3) uint8 RGB at its own size.
            mask: (H, W) bool, predicted.
            output: the evaluator's, postprocessed: ``pred_class_logits`` are probabilities here, and
                ``pred_confidence`` may be absent.
            millimetres_per_pixel: what this photograph says of its scale.
            turned: whether its file asks viewers to turn it (EXIF orientation), which nothing here does.
            path: of its file, None where it is not known.

        Returns:
            Plain values; None is "not known". ``flags`` is a list of names.
        """
        confidence = output.get("pred_confidence", {})
        flags = list(image_flags(photograph, mask, typical=self.typical))
        if confidence.get("predicted_dice", 1.0) < self.doubtful and "no_lesion" not in flags:
            flags.append(DOUBTFUL_MASK)
        if turned:
            flags.append(EXIF_ROTATED)
        if self.learned_from and path is not None and image_digest({"image": os.fspath(path)}) in self.learned_from:
            flags.append(SEEN_IN_TRAINING)
        scale = millimetres_per_pixel if self.millimetres_per_pixel is None else self.millimetres_per_pixel
        measured = measure_lesion(photograph, mask, millimetres_per_pixel=scale)
        row = {
            **self._diagnosis([float(value) for value in output["pred_class_logits"]]),
            "flags": flags,
            "predicted_dice": None,
            **confidence,
            "lesion_fraction": float(mask.mean()),
            **measured,
        }
        return {name: _plain(value) for name, value in row.items()}

    def _diagnosis(self, probabilities: list[float]) -> dict[str, Any]:
        named = dict(zip(CLASS_NAMES, probabilities))
        suspected = None if self.threshold is None else named["melanoma"] >= self.threshold
        return {**named, "predicted": max(named, key=named.__getitem__), "melanoma_suspected": suspected}


def _plain(value: Any) -> Any:
    """Numbers as they are written: six digits behind the point, None for what is undefined."""
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def _measured_with(points: Mapping[str, Any]) -> str:
    return f" (with --views {' or '.join(sorted(points))} it was)" if points else ""
