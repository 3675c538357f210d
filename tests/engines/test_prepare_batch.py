# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import torch
from monai.data import MetaTensor

from mt_transunet.engines import PrepareLesionBatch


def test_image_and_targets_are_parted_and_moved():
    batch = {
        "image": torch.zeros(2, 3, 4, 4),
        "mask": MetaTensor(torch.ones(2, 1, 4, 4)),
        "label": torch.tensor([0, -1]),
        "image_id": ["a", "b"],
        "image_meta_dict": {},
    }
    image, targets = PrepareLesionBatch()(batch, torch.device("meta"), non_blocking=True)
    assert image.device.type == "meta" and set(targets) == {"mask", "label", "image_id"}
    assert targets["mask"].device.type == targets["label"].device.type == "meta" and targets["image_id"] == ["a", "b"]


def test_further_options_reach_the_tensors():
    image, targets = PrepareLesionBatch()({"image": torch.zeros(1), "mask": torch.ones(1)}, "cpu", dtype=torch.float64)
    assert image.dtype == targets["mask"].dtype == torch.float64


def test_a_batch_without_targets_has_none():
    assert PrepareLesionBatch()({"image": torch.zeros(1)})[1] is None
