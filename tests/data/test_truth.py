# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from mt_transunet.data import truth_hash


@pytest.fixture
def item(tmp_path):
    Image.fromarray(np.eye(4, dtype=np.uint8) * 255).save(tmp_path / "a_mask.png")
    return {"image": str(tmp_path / "a.png"), "image_id": "a", "mask": str(tmp_path / "a_mask.png"), "label": 1}


def test_neither_order_nor_folder_matters(item, tmp_path):
    moved = {**item, "mask": shutil.copy(item["mask"], tmp_path / "elsewhere.png")}
    other = {"image": "b.png", "image_id": "b"}
    assert truth_hash([item, other]) == truth_hash([other, moved])


def test_another_diagnosis_another_mask_and_none_are_other_truths(item, tmp_path):
    Image.fromarray(np.ones((4, 4), np.uint8) * 255).save(tmp_path / "corrected.png")
    changed = [{**item, "label": 0}, {**item, "mask": str(tmp_path / "corrected.png")}, {**item, "mask": None}]
    assert len({truth_hash([one]) for one in [item, *changed]}) == 4


def test_an_annotation_server_s_mask_stands_under_label(item, tmp_path):
    served = {"image": item["image"], "label": item["mask"]}
    without_diagnosis = {key: value for key, value in item.items() if key != "label"}
    assert truth_hash([served]) == truth_hash([without_diagnosis])
