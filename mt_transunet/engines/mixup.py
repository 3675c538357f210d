# SPDX-License-Identifier: Apache-2.0
"""Mixup: training on blends of two images and of both their answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from .prepare_batch import PrepareLesionBatch

__all__ = ["PrepareMixedBatch"]


class PrepareMixedBatch(PrepareLesionBatch):
    """Blends every image of a batch with another one of it; the loss then asks for both answers, each by its share.

    After Zhang et al., "mixup: Beyond Empirical Risk Minimization" (ICLR 2018): one share per batch, drawn from
    Beta(alpha, alpha), and one permutation. MONAI's ``MixUp`` blends class targets as one-hot vectors, which cannot
    say that an image has no mask or no diagnosis; here the targets stay as they are and the loss is blended
    (:class:`~mt_transunet.losses.MultiTaskLoss`), which for cross entropy is the same.

    All draws are torch's, which :class:`~mt_transunet.engines.IterationSeed` seeds before each iteration: a resumed
    training mixes as an uninterrupted one.

    Args:
        alpha: both parameters of the Beta distribution; 0 never mixes.
        prob: probability that a batch is mixed.

    Returns:
        ``(image, targets)``; of a mixed batch the targets also hold ``mixed_with``, the other images' targets, and
        ``share``, a float in [0, 1], the part of the first.

    Raises:
        ValueError: a negative alpha, or a probability outside [0, 1].
    """

    def __init__(self, *, alpha: float = 0.0, prob: float = 1.0) -> None:
        if alpha < 0 or not 0 <= prob <= 1:
            raise ValueError(f"mixup needs alpha >= 0 and a probability in [0, 1], got {alpha} and {prob}")
        self.alpha = alpha
        self.prob = prob

    def __call__(
        self, batchdata: Mapping[str, Any], *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, dict[str, Any] | None]:
        image, targets = super().__call__(batchdata, *args, **kwargs)
        if targets is None or self.alpha == 0 or float(torch.rand(())) >= self.prob:
            return image, targets
        share = float(torch.distributions.Beta(self.alpha, self.alpha).sample())
        other = torch.randperm(len(image)).to(image.device)
        mixed_with = {name: value[other] for name, value in targets.items() if torch.is_tensor(value)}
        return torch.lerp(image[other], image, share), {**targets, "mixed_with": mixed_with, "share": share}
