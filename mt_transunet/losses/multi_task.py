# SPDX-License-Identifier: Apache-2.0
"""The sum that is trained, Eq. 11-12."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from numbers import Real
from typing import Any

import torch
from torch import Tensor, nn

from .attended_region import attended_region_consistency
from .dual_task_consistency import dual_task_consistency
from .supervised import class_cross_entropy, level_set_l2, mask_cross_entropy, mask_dice

__all__ = ["MultiTaskLoss", "PARTS"]

PARTS = ("mask", "dice", "class", "level_set", "dual_task", "attended_region")
"""The parts of the sum. The first two and ``level_set`` need a mask (LAB); the others use every image (UNLAB)."""

OF_THE_TARGET = {"mask": "mask", "dice": "mask", "class": "label", "level_set": "level_set"}
"""What compares the prediction with a target, and which; the consistency losses compare it with itself."""

READERS = {
    "mask_logits": {"mask", "dice", "dual_task", "attended_region"},
    "level_set": {"level_set", "dual_task"},
    "class_logits": {"class"},
}
"""Output of the network -> the parts that read it."""

Parts = dict[str, Tensor]

MaskLoss = Callable[[Tensor, Tensor], Tensor]
"""Of (B, 2, H, W) logits, background then lesion, and a (B, 1, H, W) mask of 0 and 1."""


class MultiTaskLoss(nn.Module):
    """Weighted sum of the losses of all tasks over a batch that mixes images with and without masks.

    ``LAB = MASK + level_set_weight * LSF`` (and Dice, not in the paper) over the images with a mask,
    ``UNLAB = DTC + ARC`` and the class loss over all. A part with weight 0 is not computed. After a call :attr:`parts`
    holds each computed part, unweighted and detached, and ``loss``, their weighted sum.

    The weights may be changed between calls (``loss.weights["dual_task"]`` follows a ramp during training).

    Args:
        weights: weight of each of :data:`PARTS`; absent ones are 0. Paper: mask 1, class 0.25, level_set 5, dual_task 1
            (ramped), attended_region 1.
        sharpness: see :func:`dual_task_consistency`.
        detach_mask: see :func:`attended_region_consistency`.
        label_smoothing, class_weights: see :func:`class_cross_entropy`.
        dice_loss: another loss of the mask in place of :func:`mask_dice`, in the part ``dice``; such as MONAI's
            ``TverskyLoss``, with its ``softmax`` and ``to_onehot_y`` on.

    Shape:
        prediction: the network's output. target: ``mask`` and ``level_set`` (B, 1, H, W), ``has_mask`` (B,) of 0 and 1,
        ``label`` (B,) of -1, 0, 1, 2; of a blended batch (mixup) also ``mixed_with``, such a target of the images
        blended in, and ``share`` in [0, 1], the part of the first: each part is then ``share`` times that of the
        first target plus ``1 - share`` times that of the second. Returns a scalar.

    Raises:
        ValueError: for weights that are no mapping, an unknown part, a weight that is no number of 0 or more, or no
            weight above 0; for options out of their range; in a call for a target that lacks what a part needs.
        FloatingPointError: if a part is not finite, naming it.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        sharpness: float = 1500.0,
        detach_mask: bool = False,
        label_smoothing: float = 0.0,
        class_weights: Sequence[float] | None = None,
        dice_loss: MaskLoss | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(weights, Mapping):
            raise ValueError(f"the loss weights are {weights!r}; give a dict such as {{'mask': 1.0, 'class': 0.25}}")
        if unknown := sorted(set(weights) - set(PARTS)):
            raise ValueError(f"unknown loss {unknown}, known are {', '.join(PARTS)}")
        for name, weight in weights.items():
            if not isinstance(weight, Real) or not 0 <= weight < math.inf:
                raise ValueError(
                    f"the weight of {name} must be a number of 0, which switches it off, or more: {weight!r}"
                )
        if not any(weights.values()):
            raise ValueError(f"all loss weights are 0, so nothing is trained; raise one of {', '.join(PARTS)}")
        if not 0 <= label_smoothing <= 1 or sharpness <= 0:
            told = f"label_smoothing {label_smoothing} and sharpness {sharpness}"
            raise ValueError(f"label_smoothing lies between 0 and 1, and sharpness is above 0, got {told}")
        self.weights = {name: float(weights.get(name, 0.0)) for name in PARTS}
        self.parts: Parts = {}
        self._detach_mask = detach_mask
        self._dual_task = partial(dual_task_consistency, sharpness=sharpness)
        self._attended = partial(attended_region_consistency, detach_mask=detach_mask)
        self._dice = dice_loss or mask_dice
        self._class = partial(class_cross_entropy, label_smoothing=label_smoothing, class_weights=class_weights)

    def forward(self, prediction: Mapping[str, Tensor], target: Mapping[str, Any]) -> Tensor:
        parts = self._weighed_parts(prediction, target, PARTS)
        if "mixed_with" in target:
            others = self._weighed_parts(prediction, target["mixed_with"], OF_THE_TARGET)
            parts |= {name: torch.lerp(other, parts[name], target["share"]) for name, other in others.items()}
        self.parts = {name: part.detach() for name, part in parts.items()}
        total = prediction["mask_logits"].new_zeros(())
        for name, part in parts.items():
            total = total + self.weights[name] * part
        self.parts["loss"] = total.detach()
        if not torch.isfinite(total):
            values = ", ".join(f"{name} {float(value):.4g}" for name, value in self.parts.items())
            raise FloatingPointError(
                f"the loss is not finite ({values}): lower the learning rate or use fp32 precision"
            )
        return total

    @property
    def trains_every_head(self) -> bool:
        """Whether all outputs of the network take part in the sum: those of a head that does not have no gradient."""
        on = {name for name, weight in self.weights.items() if weight}
        of_mask = READERS["mask_logits"] - ({"attended_region"} if self._detach_mask else set())
        return all(on & readers for readers in {**READERS, "mask_logits": of_mask}.values())

    def _weighed_parts(
        self, prediction: Mapping[str, Tensor], target: Mapping[str, Tensor], names: Iterable[str]
    ) -> Parts:
        computed = [name for name in names if self.weights[name] != 0]
        needed = {"has_mask", *(OF_THE_TARGET[name] for name in computed if name in OF_THE_TARGET)}
        if missing := sorted(needed - target.keys()):
            raise ValueError(f"the target has no {', '.join(missing)}; the losses {', '.join(computed)} need it")
        terms = self._terms(prediction, target)
        return {name: terms[name]() for name in computed}

    def _terms(self, prediction: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> dict[str, Callable[[], Tensor]]:
        mask_logits, level_set = prediction["mask_logits"], prediction["level_set"]
        labelled = target["has_mask"] > 0

        def on_labelled(loss: MaskLoss, output: Tensor, truth: str) -> Tensor:
            if not bool(labelled.any()):
                return output.sum() * 0.0  # keeps the graph: every parameter gets a gradient
            return loss(output[labelled], target[truth][labelled])

        return {
            "mask": lambda: on_labelled(mask_cross_entropy, mask_logits, "mask"),
            "dice": lambda: on_labelled(self._dice, mask_logits, "mask"),
            "class": lambda: self._class(prediction["class_logits"], target["label"]),
            "level_set": lambda: on_labelled(level_set_l2, level_set, "level_set"),
            "dual_task": lambda: self._dual_task(mask_logits, level_set),
            "attended_region": lambda: self._attended(prediction["attention"], mask_logits),
        }
