# SPDX-License-Identifier: Apache-2.0
"""All that the bundle's inference says of one image, without a config: what the app runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from .data.reading import is_turned
from .dicom import millimetres_per_pixel
from .engines import Findings
from .inferers import AutocastInferer, ViewsInferer, view_symmetries
from .networks import VARIANTS, load_network, member_record, shipped_weights, trained_at
from .prediction import as_array
from .quality import Confidenced, DicePredictor
from .seen_images import learned_from
from .stored_image import as_stored
from .transforms import AntialiasedResized, decide_mask

__all__ = ["Analyser", "Analysis"]


class Analysis(NamedTuple):
    """One image, at its own size."""

    photograph: np.ndarray
    """(H, W, 3) uint8 RGB."""
    mask: np.ndarray
    """(H, W) bool, true inside the lesion."""
    probability: np.ndarray
    """(H, W) float32 in [0, 1], of lesion."""
    level_set: np.ndarray
    """(H, W) float32 in [-1, 1], negative inside."""
    spread: np.ndarray
    """(H, W) float32 in [0, 0.5], standard deviation of the probability over the views."""
    attention: np.ndarray
    """(h, w) non-negative, sums to 1: the class token's."""
    row: dict[str, Any]
    """Diagnosis, flags, confidence and measurements, as in ``predictions.csv``."""


class Analyser:
    """The network, its views and what its record knows, ready for one image after another.

    Args:
        weights: "lite" or "paper" for the shipped ones, or a file of weights, or a run folder.
        views: ``none``, ``fast`` or ``paper``, as in the configs.

    Attributes:
        calibrated: whether a temperature was fitted to the class probabilities, by the record of the weights.

    Raises:
        ValueError: no such weights, or unknown views.
    """

    def __init__(self, weights: str | Path = "lite", *, views: str = "fast") -> None:
        path = shipped_weights(str(weights)) if str(weights) in VARIANTS else Path(weights)
        self.network = load_network(weights)
        record, size = member_record(path), self.network.image_size
        sizes = trained_at(path).get("view_sizes") if views == "paper" else [size]
        if sizes is None:
            raise ValueError(f"nothing beside {path} names the sizes of its eighteen views; take views fast or none")
        self.resize = AntialiasedResized("image", max(sizes))
        one_pass = AutocastInferer("fp32")  # as run inference
        self.inferer = ViewsInferer(one_pass, sizes=sizes, symmetries=view_symmetries(views), moments=True)
        self.confidence = Confidenced(DicePredictor.of_record(record, views))
        self.findings = Findings(record=record, views=views, learned_from=learned_from(path))
        self.calibrated = bool(record.get("calibration"))

    @torch.inference_mode()
    def __call__(self, image: str | Path | Image.Image | np.ndarray) -> Analysis:
        """Look at one image.

        Raises:
            ValueError: as ``predict``: an array of another shape or type, or a file that is not a readable image.
        """
        photograph = as_array(image)
        planes = torch.from_numpy(photograph).permute(2, 0, 1)  # (H, W, 3) -> (3, H, W)
        resized = self.resize({"image": planes})["image"].float() / 255.0
        output = self.inferer(resized[None], self.network)
        item = self.confidence({f"pred_{name}": value[0] for name, value in output.items()})
        item["pred_class_logits"] = item["pred_class_logits"].softmax(0)  # as the bundle's postprocessing leaves it
        probability, level_set, spread = _native(item, photograph.shape[:2])
        mask = decide_mask(torch.from_numpy(probability)[None])[0].numpy()
        known = {"millimetres_per_pixel": millimetres_per_pixel(image), "turned": _turned(image)}
        known["path"] = image if isinstance(image, (str, Path)) else None
        return Analysis(
            photograph=photograph,
            mask=mask,
            probability=probability,
            level_set=level_set,
            spread=spread,
            attention=item["pred_attention"].numpy(),
            row=self.findings(photograph, mask, item, **known),
        )


def _turned(image: str | Path | Image.Image | np.ndarray) -> bool:
    if isinstance(image, np.ndarray):
        return False
    if isinstance(image, Image.Image):
        return is_turned(image)
    with Image.open(image) as opened:
        stored = as_stored(opened)  # before it is loaded, which takes the tag from a TIFF
        stored.load()
        return is_turned(stored)


def _native(item: dict[str, torch.Tensor], size: tuple[int, ...]) -> np.ndarray:
    """(3, H, W): probability of lesion, level set and spread at the image's own size."""
    maps = [item["pred_mask_logits"].softmax(0)[1:], item["pred_level_set"], item["pred_spread"]]
    return F.interpolate(torch.cat(maps)[None], size=size, mode="bilinear")[0].numpy()
