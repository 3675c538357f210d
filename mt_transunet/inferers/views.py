# SPDX-License-Identifier: Apache-2.0
"""Test-time augmentation: the same image at several sizes, turned and mirrored, and the mean of what is seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from monai.inferers import Inferer
from torch import Tensor
from torch.nn import functional as F

__all__ = ["Symmetry", "SYMMETRIES", "ViewsInferer", "view_symmetries"]


class Symmetry(NamedTuple):
    """A symmetry of the square: ``quarter_turns`` counter-clockwise after an optional left-right ``mirror``."""

    quarter_turns: int
    mirror: bool

    def apply(self, planes: Tensor) -> Tensor:
        """(..., H, W) -> the turned planes, (..., W, H) after an odd number of quarter turns."""
        mirrored = planes.flip(-1) if self.mirror else planes
        return torch.rot90(mirrored, self.quarter_turns, (-2, -1))

    def undo(self, planes: Tensor) -> Tensor:
        """Inverse of :meth:`apply`."""
        turned_back = torch.rot90(planes, -self.quarter_turns, (-2, -1))
        return turned_back.flip(-1) if self.mirror else turned_back


SYMMETRIES = {
    "identity": Symmetry(0, False),
    "rotate90": Symmetry(1, False),
    "rotate180": Symmetry(2, False),
    "rotate270": Symmetry(3, False),
    "flip_horizontal": Symmetry(0, True),
    "flip_vertical": Symmetry(2, True),
}

PRESETS = {
    "none": ("identity",),
    "fast": ("identity", "rotate180", "flip_horizontal", "flip_vertical"),
    "paper": tuple(SYMMETRIES),
}


def view_symmetries(preset: str) -> tuple[str, ...]:
    """Symmetries of a preset: ``none`` (1), ``fast`` (4, shape-preserving) or ``paper`` (6, section 4.3).

    Raises:
        ValueError: for an unknown preset.
    """
    if preset not in PRESETS:
        raise ValueError(f"views must be one of {', '.join(PRESETS)}, got {preset!r}")
    return PRESETS[preset]


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
        max_batch: most images in one pass, for the memory's sake.

    Shape:
        (B, 3, H, W) -> the network's dict of outputs for (B, 3, H, W).
    """

    def __init__(
        self,
        inferer: Inferer,
        *,
        sizes: Sequence[int] = (),
        symmetries: Sequence[str] = ("identity",),
        merge: str = "logits",
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
        return {
            "mask_logits": self._mean_logits([_on_grid(o["mask_logits"], size, "bicubic") for o in outputs]),
            "level_set": level_set,
            "class_logits": self._mean_logits([o["class_logits"] for o in outputs]),
            "attention": attention / attention.sum(dim=(1, 2), keepdim=True),
        }

    def _mean_logits(self, logits: list[Tensor]) -> Tensor:
        stacked = torch.stack(logits)
        if self.merge == "logits":
            return stacked.mean(0)
        return stacked.log_softmax(dim=2).logsumexp(dim=0) - torch.log(torch.tensor(float(len(logits))))


def _undo(symmetry: Symmetry, value: Tensor) -> Tensor:
    return symmetry.undo(value) if value.ndim > 2 else value  # class logits (B, 3) have no geometry


def _on_grid(planes: Tensor, size: Sequence[int], mode: str) -> Tensor:
    if tuple(planes.shape[-2:]) == tuple(size):
        return planes
    return F.interpolate(planes, size=tuple(size), mode=mode, align_corners=False)
