# SPDX-License-Identifier: Apache-2.0
"""Test-time augmentation: the same image at several sizes, turned and mirrored, and the mean of what is seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from monai.inferers import Inferer
from torch import Tensor
from torch.nn import functional as F

from .symmetries import SYMMETRIES, Symmetry

__all__ = ["ViewsInferer", "scaled_sizes"]


def scaled_sizes(sizes: Sequence[int], image_size: int, usual: int) -> list[int]:
    """View sizes of a network that was trained at ``image_size`` pixels where ``usual`` goes with ``sizes``.

    Multiples of 16, each once: [160, 192, 224] at 192 is [80, 96, 112] at 96.
    """
    scaled = [max(1, round(size * image_size / usual / 16)) * 16 for size in sizes]
    return list(dict.fromkeys(scaled))


class ViewsInferer(Inferer):
    """Runs ``inferer`` on every view of the batch and averages the outputs on the input's own grid.

    Views are sizes x symmetries: the paper's 18 are three sizes and six symmetries. Views of one shape go through the
    network as one batch. Each output is turned back, brought to the grid of the input (mask logits bicubically as in
    the authors' code, the level set bilinearly, the attention bilinearly to the first view's grid and made to sum to 1
    again), and averaged: logits by default, probabilities with ``merge="probabilities"`` (the result is then their
    logarithm, so that a softmax gives the mean).

    Differs from the authors' code: class logits are averaged over all views and not summed over sizes, which made the
    softmax three times too sharp.

    Args:
        inferer: one pass through the network.
        sizes: of the short side in pixels, multiples of 16; the other side keeps the aspect to the nearest multiple.
            Empty: the input's own.
        symmetries: names out of :data:`SYMMETRIES`.
        merge: ``logits`` or ``probabilities``.
        moments: whether to say, too, how far the views differ (two more keys below). They are means over views, so
            that the mean over the members of an ensemble is that over all their views.
        max_batch: most images in one pass, for the memory's sake.

    Shape:
        (B, 3, H, W) -> the network's dict of outputs for (B, 3, H, W). With ``moments``, also ``lesion_moments``
        (B, 3, H, W), the means over views of the lesion's probability, of its square, and of whether it exceeds one
        half; and ``class_moments`` (B, 2, 3), those of the class probabilities and of their squares.
    """

    def __init__(
        self,
        inferer: Inferer,
        *,
        sizes: Sequence[int] = (),
        symmetries: Sequence[str] = ("identity",),
        merge: str = "logits",
        moments: bool = False,
        max_batch: int = 16,
    ) -> None:
        super().__init__()
        if not symmetries:
            raise ValueError(f"views need at least one symmetry, got none; known are {', '.join(SYMMETRIES)}")
        if unknown := sorted(set(symmetries) - set(SYMMETRIES)):
            raise ValueError(f"unknown symmetry {unknown}, known are {', '.join(SYMMETRIES)}")
        if wrong := [size for size in sizes if size < 16 or size % 16]:
            raise ValueError(f"view sizes must be positive multiples of 16, got {wrong}; name the nearest ones")
        if merge not in ("logits", "probabilities"):
            raise ValueError(f"merge must be logits or probabilities, got {merge!r}")
        self.inferer = inferer
        self.sizes = tuple(sizes)
        self.symmetries = tuple(SYMMETRIES[name] for name in symmetries)
        self.merge = merge
        self.moments = moments
        self.max_batch = max_batch

    def __call__(self, inputs: Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        views = [(symmetry, scaled) for scaled in self._scaled(inputs) for symmetry in self.symmetries]
        outputs: list[dict[str, Tensor] | None] = [None] * len(views)
        turned = [symmetry.apply(scaled) for symmetry, scaled in views]
        per_pass = max(1, self.max_batch // len(inputs))
        for shape in dict.fromkeys(view.shape for view in turned):
            members = [index for index, view in enumerate(turned) if view.shape == shape]
            for start in range(0, len(members), per_pass):
                chunk = members[start : start + per_pass]
                output = self.inferer(torch.cat([turned[index] for index in chunk]), network, *args, **kwargs)
                for position, index in enumerate(chunk):
                    here = slice(position * len(inputs), (position + 1) * len(inputs))
                    outputs[index] = {key: _undo(views[index][0], value[here]) for key, value in output.items()}
        return self._merge([output for output in outputs if output is not None], inputs.shape[-2:])

    def _scaled(self, inputs: Tensor) -> list[Tensor]:
        images = inputs.as_tensor() if hasattr(inputs, "as_tensor") else inputs
        short = min(images.shape[-2:])
        scaled = []
        for size in self.sizes or (short,):
            target = tuple(max(16, round(side * size / short / 16) * 16) for side in images.shape[-2:])
            same = target == tuple(images.shape[-2:])
            resize = {"mode": "bilinear", "antialias": True, "align_corners": False}
            scaled.append(images if same else F.interpolate(images, size=target, **resize))
        return scaled

    def _merge(self, outputs: list[dict[str, Tensor]], size: Sequence[int]) -> dict[str, Tensor]:
        grid = outputs[0]["attention"].shape[-2:]
        attention = torch.stack([_on_grid(o["attention"][:, None], grid, "bilinear")[:, 0] for o in outputs]).mean(0)
        level_set = torch.stack([_on_grid(o["level_set"], size, "bilinear") for o in outputs]).mean(0)
        mask_logits = torch.stack([_on_grid(o["mask_logits"], size, "bicubic") for o in outputs])
        class_logits = torch.stack([o["class_logits"] for o in outputs])
        merged = {
            "mask_logits": self._mean_logits(mask_logits),
            "level_set": level_set,
            "class_logits": self._mean_logits(class_logits),
            "attention": attention / attention.sum(dim=(1, 2), keepdim=True),
        }
        return merged | (_moments(mask_logits, class_logits) if self.moments else {})

    def _mean_logits(self, stacked: Tensor) -> Tensor:
        if self.merge == "logits":
            return stacked.mean(0)
        return stacked.log_softmax(dim=2).logsumexp(dim=0) - torch.log(torch.tensor(float(len(stacked))))


def _moments(mask_logits: Tensor, class_logits: Tensor) -> dict[str, Tensor]:
    """Of (V, B, 2, H, W) and (V, B, 3), over the V views."""
    lesion = mask_logits.softmax(dim=2)[:, :, 1]  # (V, B, H, W)
    classes = class_logits.softmax(dim=2)
    return {
        "lesion_moments": torch.stack([lesion, lesion.square(), (lesion > 0.5).float()]).mean(1).transpose(0, 1),
        "class_moments": torch.stack([classes, classes.square()]).mean(1).transpose(0, 1),
    }


def _undo(symmetry: Symmetry, value: Tensor) -> Tensor:
    return symmetry.undo(value) if value.ndim > 2 else value  # class logits (B, 3) have no geometry


def _on_grid(planes: Tensor, size: Sequence[int], mode: str) -> Tensor:
    if tuple(planes.shape[-2:]) == tuple(size):
        return planes
    return F.interpolate(planes, size=tuple(size), mode=mode, align_corners=False)
