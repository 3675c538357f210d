# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import torch
from monai.data import list_data_collate

from mt_transunet.transforms import TargetDefaultsd

IMAGE = torch.zeros(3, 4, 6)


def test_a_missing_mask_and_diagnosis_get_their_stand_ins():
    result = TargetDefaultsd()({"image": IMAGE})
    assert result["mask"].shape == (1, 4, 6) and result["mask"].sum() == 0 and result["mask"].dtype == torch.float32
    assert result["has_mask"] == 0.0 and result["has_mask"].dtype == torch.float32
    assert result["label"] == -1 and result["label"].dtype == torch.int64


def test_what_is_there_stays():
    mask = torch.ones(1, 4, 6)
    item = {"image": IMAGE, "mask": mask, "label": 2}
    result = TargetDefaultsd()(item)
    assert result["mask"] is mask and result["has_mask"] == 1.0 and result["label"] == 2
    assert item == {"image": IMAGE, "mask": mask, "label": 2}


def test_items_with_and_without_targets_share_a_batch():
    items = [{"image": IMAGE, "mask": torch.ones(1, 4, 6)}, {"image": IMAGE, "label": 1}]
    batch = list_data_collate([TargetDefaultsd()(item) for item in items])
    assert batch["has_mask"].tolist() == [1.0, 0.0] and batch["label"].tolist() == [-1, 1]
    assert batch["mask"].shape == (2, 1, 4, 6)
