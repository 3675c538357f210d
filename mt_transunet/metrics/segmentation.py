# SPDX-License-Identifier: Apache-2.0
"""Per-image segmentation scores with the 0/0 rule of the MB-DCNN evaluation."""

from __future__ import annotations

import numpy as np
import torch
from monai.metrics import compute_confusion_matrix_metric
from monai.utils import convert_to_tensor

SEGMENTATION_FIGURES = ("JA", "DI", "AC", "SE", "SP")
"""Jaccard index, Dice index, pixel accuracy, sensitivity, specificity: the order of every table."""

# Column -> MONAI's name, whose "threat score" is the Jaccard index and "f1 score" the Dice index.
_RATES = {"JA": "threat score", "DI": "f1 score", "AC": "accuracy", "SE": "sensitivity", "SP": "specificity"}


def segmentation_scores(prediction: torch.Tensor | np.ndarray, mask: torch.Tensor | np.ndarray) -> dict[str, float]:
    """Score one predicted mask against the given one, without smoothing.

    With I the overlap, P and T the predicted and true areas: JA = I/(P+T-I), DI = 2I/(P+T), SE = I/T,
    SP = true negatives / true background, AC = share of equal pixels. A figure that would be 0/0 is NaN and is left
    out of means: JA and DI when both masks are empty, SE when the true one is empty, SP when it is full. An empty
    prediction on a lesion scores JA = DI = SE = 0.

    Args:
        prediction: (H,W) or (1,H,W), values 0 and 1 or booleans.
        mask: the true mask, same size and values.

    Returns:
        JA, DI, AC, SE, SP as fractions in [0,1] or NaN.

    Raises:
        ValueError: sizes differ, the shape is neither (H,W) nor (1,H,W), or a value is neither 0 nor 1.
    """
    predicted = _binary(prediction, "prediction")
    true = _binary(mask, "mask").to(predicted.device)
    if predicted.shape != true.shape:
        sizes = f"{tuple(predicted.shape)} and {tuple(true.shape)}"
        raise ValueError(f"prediction and mask must have the same size, got {sizes}; resize the prediction to the mask")
    counts = _confusion(predicted, true)
    return {figure: compute_confusion_matrix_metric(rate, counts).item() for figure, rate in _RATES.items()}


def _confusion(predicted: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """(4,) true positives, false positives, true negatives, false negatives, float64 as MONAI orders them."""
    # MONAI's get_confusion_matrix counts in float32, exact up to 16 megapixels only, and with compute_iou and
    # compute_dice takes 1.1 s for a 12 megapixel photograph where counting booleans takes 0.03 s.
    hits, found, lesion = (torch.count_nonzero(area).item() for area in (predicted & true, predicted, true))
    counts = (hits, found - hits, true.numel() - found - lesion + hits, lesion - hits)
    return torch.tensor(counts, dtype=torch.float64)


def _binary(values: torch.Tensor | np.ndarray, name: str) -> torch.Tensor:
    tensor = convert_to_tensor(values, track_meta=False)
    if tensor.ndim not in (2, 3) or (tensor.ndim == 3 and tensor.shape[0] != 1):
        raise ValueError(f"{name} must be (H,W) or (1,H,W), got {tuple(tensor.shape)}; pass one image's mask")
    if tensor.dtype != torch.bool and not ((tensor == 0) | (tensor == 1)).all():
        raise ValueError(f"{name} must hold only 0 and 1, got other values; threshold it first")
    return tensor.to(torch.bool).reshape(tensor.shape[-2:])
