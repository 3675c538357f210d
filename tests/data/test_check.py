# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from mt_transunet.data import check_data

DATA = "ISIC-2017_Training_Data"
MASKS = "ISIC-2017_Training_Part1_GroundTruth"


def test_a_sound_dataset_is_counted_and_ok(isic):
    report = check_data(isic)
    text = str(report)
    assert report.ok and text.endswith("nothing to repair")
    training = report.splits["training"]
    assert (training.images, training.with_mask) == (2, 2)
    assert training.classes == {"nevus": 1, "melanoma": 1, "seborrheic_keratosis": 0, "unknown": 0}
    assert "training: 2 images, 2 with mask, 0 without; nevus 1, melanoma 1" in text
    assert "no test split" in text


def test_everything_wrong_is_gathered_in_one_report(isic, make):
    for number in range(4, 9):
        make.image(isic / DATA / f"ISIC_000000{number}.jpg", size=(64, 64), seed=number)
    make.truncated(isic / DATA / "ISIC_0000004.jpg")
    (isic / DATA / "ISIC_0000005.jpg").write_text("hello")
    make.mask(isic / MASKS / "ISIC_0000006_segmentation.png", size=(32, 64))
    make.mask(isic / MASKS / "ISIC_0000077_segmentation.png")
    table = isic / "ISIC-2017_Training_Part3_GroundTruth.csv"
    table.write_text(f"{make.header}\nISIC_0000001,1,1\nISIC_0000002,2,0\nISIC_0000099,0,0\n")
    report = check_data(isic)
    text = str(report)
    assert not report.ok and len(report.errors) == 7
    for part in (
        "2 unreadable files",
        "ISIC_0000004.jpg (image file is truncated",
        "ISIC_0000005.jpg (cannot identify image file)",
        "the mask is 32x64 pixels but its image",
        "mask without image: 1",
        "ISIC_0000077_segmentation.png",
        "both labels 1",
        "melanoma of ISIC_0000002 must be 0 or 1, got '2'",
        "has no row for 5 images",
        "have no image: ISIC_0000099",
        "4 images have no mask in ISIC-2017_Training_Part1_GroundTruth (they join the second stream): "
        "ISIC_0000004, ISIC_0000005, ISIC_0000007, ISIC_0000008",
    ):
        assert part in text


def test_byte_identical_images_are_flagged_across_and_noted_within(isic):
    (isic / "ISIC-2017_Training_Part3_GroundTruth.csv").unlink()
    (isic / "ISIC-2017_Validation_Part3_GroundTruth.csv").unlink()
    first = isic / DATA / "ISIC_0000001.jpg"
    shutil.copy(first, isic / DATA / "ISIC_0000011.jpg")
    shutil.copy(isic / DATA / "ISIC_0000002.jpg", isic / "ISIC-2017_Validation_Data" / "ISIC_0000012.jpg")
    report = check_data(isic)
    assert report.ok
    assert [problem.text for problem in report.flagged] == ["1 byte-identical images across splits"]
    assert "1 byte-identical images within a split: training" in str(report)


def test_the_same_id_on_two_sides_is_an_error(isic, make):
    make.isic(isic, "test", {"ISIC_0000002": (0, 0)})
    assert "two sides of a split: ISIC_0000002" in str(check_data(isic))


@pytest.mark.parametrize(
    "value, text",
    [
        (0, "1 masks are empty"),
        (200, "1 masks have values other than 0"),
    ],
)
def test_odd_masks_are_named(isic, make, value, text):
    path = make.mask(isic / MASKS / "ISIC_0000001_segmentation.png", value=value)
    report = check_data(isic)
    assert report.ok and f"{text}" in str(report) and str(path) in str(report)


@pytest.mark.parametrize("skin, lesion", [(255, 0), ((0, 0, 255), (255, 0, 0))], ids=["inverted", "coloured ground"])
def test_masks_whose_skin_is_not_black_are_named(isic, make, skin, lesion):
    path = isic / MASKS / "ISIC_0000001_segmentation.png"
    with Image.open(path) as mask:
        size = mask.size
    inverted = Image.new("L" if skin == 255 else "RGB", size, skin)
    inverted.paste(lesion, (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    inverted.save(path)
    assert "1 masks are lesion all around their border" in str(check_data(isic))


def test_a_mask_that_would_become_empty_is_an_error(isic):
    path = isic / MASKS / "ISIC_0000001_segmentation.png"
    Image.fromarray(np.array([[0, 1, 2, 0, 0, 0, 0, 0]] * 6, np.uint8)).save(path)
    report = check_data(isic)
    assert not report.ok and f"no value of 128 or more, so no lesion: {path}; save them" in str(report)


def test_a_mask_of_decimals_is_read_as_training_reads_it(isic):
    values = np.zeros((6, 8), np.float32)
    values[:, :4] = 0.9  # of 255 that is 229
    Image.fromarray(values).save(isic / MASKS / "ISIC_0000001_segmentation.png", format="TIFF")
    report = check_data(isic)
    assert report.ok and "1 masks have values other than 0 and 255" in str(report)


def test_a_mask_of_decimals_without_a_number_is_an_error(isic):
    values = np.array([[0, np.nan]] * 3, np.float32)
    Image.fromarray(values).save(isic / MASKS / "ISIC_0000001_segmentation.png", format="TIFF")
    assert "1 masks are not empty and hold no value of 128 or more" in str(check_data(isic))


@pytest.mark.parametrize("brightest", [20000, 65535])
def test_the_brightest_value_of_a_16_bit_mask_counts_as_255(isic, brightest):
    values = np.zeros((6, 8), np.uint16)
    values[:, :4] = brightest
    Image.fromarray(values).save(isic / MASKS / "ISIC_0000001_segmentation.png")
    assert not check_data(isic).notes


def test_contamination_is_an_error_and_a_twin_a_note(isic, tmp_path, make):
    make.image(tmp_path / "more" / "ISIC_0012086.jpg")
    make.image(tmp_path / "more" / "ISIC_0012271.jpg", seed=1)
    report = check_data(isic, tmp_path / "more")
    text = str(report)
    assert "contamination: 1 images of the official ISIC-2017 test split are in the training data: ISIC_0012086" in text
    assert "dropped from training by every run: ISIC_0012271" in text
    assert report.splits["unlabelled"].images == 2


def test_a_test_split_of_its_own_is_no_contamination(isic, make):
    make.isic(isic, "test", {"ISIC_0012086": (0, 0)})
    assert check_data(isic).ok


@pytest.mark.parametrize("content", [None, "{"])
def test_what_cannot_be_read_at_all_is_reported_not_raised(tmp_path, content):
    root = tmp_path / "x"
    if content:
        root.mkdir()
        (root / "datalist.json").write_text(content)
    report = check_data(root, tmp_path / "nowhere")
    assert not report.ok and len(report.errors) == 2 and "nowhere does not exist" in str(report)


def test_an_unusable_additional_dir_is_reported(isic, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "empty is empty" in str(check_data(isic, tmp_path / "empty"))


def test_sizes_are_ordered_by_area(tmp_path, make):
    for name, size in {"a.png": (2, 9), "b.png": (30, 20), "c.png": (9, 3)}.items():
        make.image(tmp_path / name, size=size)
    report = check_data(tmp_path)
    assert report.splits["test"].sizes == ((2, 9), (9, 3), (30, 20))
    assert "no diagnoses (labels.csv is not there" in str(report)


def test_the_real_ph2_cases_are_sound(real_data):
    report = check_data(real_data / "ph2_sample")
    assert report.ok and report.splits["test"].with_mask == 12 and not report.notes


def test_a_table_that_must_be_repaired_is_not_said_to_be_missing_too(tmp_path, make):
    make.image(tmp_path / "photographs" / "a.jpg")
    (tmp_path / "photographs" / "labels.csv").write_text("image_id,melanoma\na,0\n")
    report = check_data(tmp_path / "photographs")
    assert [problem.text.split(": ")[1].split(" (")[0] for problem in report.errors] == [
        "missing column seborrheic_keratosis"
    ]
    assert report.missing == []


def listed(make, tmp_path, **keys):
    """A list with one image to train on."""
    make.image(tmp_path / "a.jpg")
    make.mask(tmp_path / "a.png")
    (tmp_path / "list.json").write_text(json.dumps({"training": [{"image": "a.jpg", **keys}]}))
    return tmp_path / "list.json"


def test_that_no_mask_teaches_anything_is_a_note_for_a_federation_s_site_may_have_none(tmp_path, make):
    report = check_data(listed(make, tmp_path, label=1))
    assert report.ok and "no image to train on has a mask" in str(report)


def test_that_no_diagnosis_teaches_anything_is_a_note(tmp_path, make):
    report = check_data(listed(make, tmp_path, mask="a.png"))
    assert report.ok and "no image to train on has a diagnosis" in str(report)
    assert "diagnosis:" not in str(check_data(listed(make, tmp_path, mask="a.png", label=0)))
