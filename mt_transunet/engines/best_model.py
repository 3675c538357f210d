# SPDX-License-Identifier: Apache-2.0
"""The weights a run leaves behind, and which of two validations was better."""

from __future__ import annotations

import logging
import math
import os
from pathlib import Path

from ignite.engine import Engine, Events
from torch import nn

from ..atomic import save_tensors

__all__ = ["BestModel", "beats"]

logger = logging.getLogger(__name__)


def beats(score: float, best: float) -> bool:
    """Whether a score is better than the best so far: higher, or the first that is defined.

    A ``metric_cmp_fn`` of MONAI's evaluators. MONAI's own takes NaN for the best when it comes first, and nothing is
    greater than that.
    """
    return score > best or (math.isnan(best) and not math.isnan(score))


class BestModel:
    """Writes the network's state dict when validation has found a new best figure, or after each validation.

    As long as no validation has had a defined score, nothing can be chosen: the last weights are kept, and a warning
    says so.

    Attach it to the validation engine; attached to the trainer it writes at the end of a run that had no validation.

    Args:
        path: the file.
        network: whose weights.
        evaluator: the validation engine, when attached to the trainer.
        keep: ``best`` keeps the weights of the best validation. ``last`` keeps those of the last one: nothing is then
            chosen on the validation images, so that their figures are not flattered.

    Raises:
        ValueError: another word for ``keep``.
    """

    def __init__(
        self, path: str | os.PathLike, *, network: nn.Module, evaluator: Engine | None = None, keep: str = "best"
    ) -> None:
        if keep not in ("best", "last"):
            raise ValueError(f"keep must be 'best' or 'last', got {keep!r}")
        self.path = Path(path)
        self.network = network
        self.evaluator = evaluator
        self.keep = keep
        self._has_warned = False

    def attach(self, engine: Engine) -> None:
        if self.evaluator is None:
            engine.add_event_handler(Events.EPOCH_COMPLETED, self._save_after_validation)
        else:
            engine.add_event_handler(Events.COMPLETED, self._save_if_never_validated)

    def _save_after_validation(self, engine: Engine) -> None:
        if self.keep == "last" or self._has_no_score(engine) or self._is_best(engine):
            save_tensors(self.path, self.network.state_dict())

    def _has_no_score(self, engine: Engine) -> bool:
        """Whether neither this validation nor one before it has a defined score."""
        undefined = math.isnan(engine.state.best_metric)  # type: ignore[attr-defined]
        if undefined and not self._has_warned:
            self._has_warned = True
            logger.warning(
                "no score is defined on the validation images, which takes masks, or diagnoses of more than one class: "
                f"{self.path} keeps the last weights instead of the best, and no run is stopped early"
            )
        return undefined

    def _is_best(self, engine: Engine) -> bool:
        state = engine.state
        if state.best_metric_epoch != state.epoch:
            return False
        # a longer run that goes on from a shorter one validates the epoch that was cut a second time
        return not engine.metric_cmp_fn(state.best_metric, state.metrics[state.key_metric_name])  # type: ignore

    def _save_if_never_validated(self, engine: Engine) -> None:
        if self.evaluator is not None and self.evaluator.state.best_metric_epoch == -1:
            save_tensors(self.path, self.network.state_dict())
