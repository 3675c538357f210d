# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import DataLoader
from monai.transforms import Compose, Lambdad, LoadImaged, RandFlipd, RandGaussianNoised
from PIL import Image
from torch.utils.data import Subset

from mt_transunet.data import DataError, DrawKey, SeededDataset, TwoStreamBatchSampler
from mt_transunet.transforms import to_mask

NOISE = RandGaussianNoised("image", prob=1.0, std=1.0)


@pytest.fixture
def items():
    return [{"image": torch.zeros(1, 4, 4) + index, "image_id": str(index)} for index in range(6)]


def _dataset(items, seed=0):
    return SeededDataset(items, Compose([RandFlipd("image", prob=0.5), NOISE]), seed=seed)


def test_a_draw_depends_on_seed_epoch_and_index_alone(items):
    dataset = _dataset(items)
    first = dataset[DrawKey(3, 2)]["image"].clone()
    dataset[DrawKey(0, 1)]
    assert torch.equal(dataset[DrawKey(3, 2)]["image"], first)
    assert torch.equal(_dataset(items)[DrawKey(3, 2)]["image"], first)
    assert not torch.equal(dataset[DrawKey(4, 2)]["image"], first)
    assert not torch.equal(_dataset(items, seed=1)[DrawKey(3, 2)]["image"], first)


def test_two_items_of_one_epoch_draw_differently(items):
    dataset = _dataset(items)
    assert not torch.equal(dataset[0]["image"], dataset[1]["image"] - 1)


def test_a_plain_index_is_epoch_0_and_may_count_from_the_end(items):
    dataset = _dataset(items)
    expected = dataset[DrawKey(0, 5)]["image"].clone()
    assert torch.equal(dataset[5]["image"], expected)
    assert torch.equal(dataset[np.int64(-1)]["image"], expected)
    with pytest.raises(IndexError):
        dataset[6]


def test_slices_and_lists_give_subsets_as_in_monai(items):
    dataset = _dataset(items)
    assert isinstance(dataset[1:3], Subset) and len(dataset[[0, 2, 4]]) == 3


def test_the_number_of_workers_changes_nothing(items):
    epochs = []
    for workers in (0, 1, 2):
        torch.manual_seed(workers)
        sampler = TwoStreamBatchSampler(4, 2, labelled_batch=2, unlabelled_batch=1, seed=5)
        loader = DataLoader(_dataset(items), batch_sampler=sampler, num_workers=workers)
        epochs.append(torch.stack([batch["image"] for _ in range(2) for batch in loader]))
    assert torch.equal(epochs[0], epochs[1]) and torch.equal(epochs[0], epochs[2])


def _files(tmp_path, make):
    image = make.image(tmp_path / "a.jpg", size=(64, 64))
    return {"image": str(image), "mask": str(make.mask(tmp_path / "a.png", size=(64, 64))), "image_id": "a"}


@pytest.mark.parametrize("workers", [0, 1])
def test_a_truncated_jpeg_is_one_clear_error_through_the_loader(tmp_path, make, workers):
    item = _files(tmp_path, make)
    make.truncated(tmp_path / "a.jpg")
    dataset = SeededDataset([item], LoadImaged(["image", "mask"], reader="PILReader", converter=lambda im: im.copy()))
    message = r"(?s)a.jpg with mask .*a.png: image file is truncated \(.*\); re-download it or remove it; `mt-transunet"
    with pytest.raises(DataError, match=message):
        list(DataLoader(dataset, batch_size=1, num_workers=workers))


def test_a_broken_mask_is_named_as_the_mask(tmp_path, make):
    item = _files(tmp_path, make)
    (tmp_path / "a.png").write_text("hello")
    with pytest.raises(DataError, match=r"not a readable mask \(cannot identify image file\); replace it or remove it"):
        SeededDataset([item], LoadImaged(["image", "mask"], reader="PILReader"))[0]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_mask_that_would_become_empty_is_one_clear_line_through_the_loader(tmp_path, make, workers):
    item = _files(tmp_path, make)
    Image.fromarray(np.array([[0, 1, 2, 0]] * 4, np.uint8)).save(item["mask"])
    dataset = SeededDataset([item], LoadImaged("mask", reader="PILReader", converter=to_mask))
    with pytest.raises(DataError) as caught:
        list(DataLoader(dataset, batch_size=1, num_workers=workers))
    last = str(caught.value).strip().splitlines()[-1]  # before it, a worker's traceback
    assert f"{item['mask']}: no value of this mask reaches 128, its brightest is 2, so nothing in it is lesion" in last
    assert last.endswith("; save it as 0 and 255; `mt-transunet check-data` lists all such files")


def test_another_failure_names_the_item_and_its_root_cause(tmp_path, make):
    def fail(_):
        raise ZeroDivisionError("too flat")

    dataset = SeededDataset([_files(tmp_path, make)], Compose([Lambdad("image", fail)]))
    with pytest.raises(DataError, match=r"a.png: cannot be prepared \(ZeroDivisionError: too flat\)"):
        dataset[0]


def test_a_negative_seed_is_refused(items):
    with pytest.raises(ValueError, match="seed must not be negative, got -3"):
        _dataset(items, seed=-3)
