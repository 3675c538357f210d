# SPDX-License-Identifier: Apache-2.0
"""The Dice to expect of a mask, learnt from images whose true masks are known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..metrics.rows import or_none
from ..metrics.selective import rank_agreement, selective_jaccard

__all__ = ["FEWEST_IMAGES", "DicePredictor"]

FEATURES = ("agreement", "consistency", "expected")
FEWEST_IMAGES = 20
"""Images with a mask that a line is fitted to at least."""


@dataclass(frozen=True)
class DicePredictor:
    """A straight line from the confidences of an image to its Dice coefficient.

    Of ``1 - confidence`` the square root is taken before: errors of the views and of the mask grow in proportion on
    that scale. Three figures and few images allow no more than a line.

    Args:
        intercept, weights: of the line; ``weights`` in the order of ``FEATURES``.
        doubtful: below this predicted Dice a mask deserves a look; a fifth of the images learnt from lie there.
        n: images learnt from.
        spearman: rank correlation of predicted and true Dice, each image predicted by a line through the others.
        mean_error: mean absolute difference of the same.
        jaccard_all, jaccard_kept: mean Jaccard index of all images, and of those left when the fifth with the lowest
            predictions, again by a line through the others, is put aside.
    """

    intercept: float
    weights: tuple[float, ...]
    doubtful: float
    n: int
    spearman: float
    mean_error: float
    jaccard_all: float
    jaccard_kept: float

    def __call__(self, confidence: Mapping[str, float]) -> float:
        """Predicted Dice in [0, 1]; 0 where a confidence is undefined, for then nothing is called lesion."""
        features = _features(confidence)
        if not np.isfinite(features).all():
            return 0.0
        return float(np.clip(self.intercept + features @ self.weights, 0, 1))

    @classmethod
    def fit(cls, rows: Iterable[Mapping[str, Any]]) -> DicePredictor:
        """Learn from rows of ``per_image.csv``: ``DI``, ``JA`` and ``FEATURES``; rows that lack one are left out.

        Raises:
            ValueError: fewer than 20 rows are left.
        """
        known = cls.usable(rows)
        if len(known) < FEWEST_IMAGES:
            raise ValueError(
                f"predicting Dice needs {FEWEST_IMAGES} images with a mask, got {len(known)}; evaluate more"
            )
        design = np.stack([[1.0, *_features(row)] for row in known])
        dice = np.array([float(row["DI"]) for row in known])
        line = np.linalg.lstsq(design, dice, rcond=None)[0]
        others = np.clip(_without_each(design, dice, line), 0, 1)
        return cls(
            intercept=float(line[0]),
            weights=tuple(map(float, line[1:])),
            doubtful=float(np.quantile(np.clip(design @ line, 0, 1), 0.2)),
            n=len(known),
            spearman=rank_agreement(others, dice),
            mean_error=float(np.abs(others - dice).mean()),
            **dict(zip(("jaccard_all", "jaccard_kept"), selective_jaccard(others, [row["JA"] for row in known]))),
        )

    @staticmethod
    def usable(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The rows that can be learnt from."""
        return [row for row in rows if all(_is_number(row.get(key)) for key in ("DI", "JA", *FEATURES))]

    def to_json(self) -> dict[str, Any]:
        """Plain values for a provenance record; a rank correlation that is undefined is None."""
        return {**asdict(self), "spearman": or_none(self.spearman)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> DicePredictor:
        """Inverse of :meth:`to_json`."""
        spearman = math.nan if content["spearman"] is None else content["spearman"]
        return cls(**{**content, "weights": tuple(content["weights"]), "spearman": spearman})

    @classmethod
    def of_record(cls, record: Mapping[str, Any], views: str) -> DicePredictor | None:
        """The predictor that a provenance record holds for a preset of views, None where it holds none."""
        content = (record.get("predicted_dice") or {}).get(views)
        return cls.from_json(content) if content else None


def _features(confidence: Mapping[str, float]) -> np.ndarray:
    return np.sqrt(np.maximum(0.0, 1.0 - np.array([float(confidence[key]) for key in FEATURES])))


def _without_each(design: np.ndarray, target: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Predictions of every row by the least-squares line through the others, from the leverages."""
    leverage = np.einsum("ij,ji->i", design, np.linalg.pinv(design))
    return target - (target - design @ line) / np.maximum(1e-9, 1 - leverage)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and bool(np.isfinite(value))
