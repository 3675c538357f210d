# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image

from mt_transunet.data import synthetic
from mt_transunet.data.synthetic import synthetic_case, synthetic_dataset, write_synthetic_dataset

FEW = {"training": 4, "validation": 2, "test": 1, "additional": 2}


def small_case(number, *, seed, difficulty):
    return synthetic_case(number, seed=seed, difficulty=difficulty, size=(64, 80))


@pytest.fixture(autouse=True)
def small_images(monkeypatch):
    monkeypatch.setattr(synthetic, "synthetic_case", small_case)


def contents(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_the_layout_is_that_of_the_challenge(tmp_path):
    root = write_synthetic_dataset(tmp_path / "set", **FEW)
    assert sorted(path.name for path in root.iterdir()) == [
        "ISIC-2017_Test_v2_Data",
        "ISIC-2017_Test_v2_Part1_GroundTruth",
        "ISIC-2017_Test_v2_Part3_GroundTruth.csv",
        "ISIC-2017_Training_Data",
        "ISIC-2017_Training_Part1_GroundTruth",
        "ISIC-2017_Training_Part3_GroundTruth.csv",
        "ISIC-2017_Validation_Data",
        "ISIC-2017_Validation_Part1_GroundTruth",
        "ISIC-2017_Validation_Part3_GroundTruth.csv",
        "additional",
        "synthetic.json",
    ]
    table = rows(root / "ISIC-2017_Training_Part3_GroundTruth.csv")
    assert list(table[0]) == ["image_id", "melanoma", "seborrheic_keratosis"]
    assert [row["image_id"] for row in table] == ["SYN_0000000", "SYN_0000001", "SYN_0000002", "SYN_0000003"]
    assert sum(float(row["melanoma"]) for row in table) == sum(float(row["seborrheic_keratosis"]) for row in table) == 1


def test_written_files_hold_the_case_of_their_number(tmp_path):
    root = write_synthetic_dataset(tmp_path / "set", **FEW)
    case = small_case(1_000_001, seed=0, difficulty=0.5)
    with Image.open(root / "ISIC-2017_Validation_Data" / "SYN_1000001.jpg") as image:
        assert image.mode == "RGB"
        difference = np.asarray(image).astype(int) - case.image
    assert np.abs(difference).mean() < 6.0
    with Image.open(root / "ISIC-2017_Validation_Part1_GroundTruth" / "SYN_1000001_segmentation.png") as mask:
        assert mask.mode == "L"
        np.testing.assert_array_equal(np.asarray(mask), np.where(case.mask, 255, 0))
    row = rows(root / "ISIC-2017_Validation_Part3_GroundTruth.csv")[1]
    assert (float(row["melanoma"]), float(row["seborrheic_keratosis"])) == (case.label == 1, case.label == 2)


def test_additional_images_have_a_diagnosis_and_no_mask(tmp_path):
    root = write_synthetic_dataset(tmp_path / "set", **FEW)
    names = sorted(path.name for path in (root / "additional").iterdir())
    assert names == ["SYN_3000000.jpg", "SYN_3000001.jpg", "labels.csv"]
    assert len(rows(root / "additional" / "labels.csv")) == 2


def test_a_split_of_none_is_left_out(tmp_path):
    root = write_synthetic_dataset(tmp_path / "set", training=1, validation=0, test=0, additional=0)
    assert len(list(root.iterdir())) == 4
    assert write_synthetic_dataset(root, training=1, validation=0, test=0, additional=0) == root


def test_the_length_of_one_split_leaves_the_others_unchanged(tmp_path):
    few = contents(write_synthetic_dataset(tmp_path / "few", **FEW))
    more = contents(write_synthetic_dataset(tmp_path / "more", **{**FEW, "training": 5}))
    assert all(more[name] == data for name, data in few.items() if name.suffix in (".jpg", ".png"))


def test_the_same_arguments_write_the_same_bytes(tmp_path):
    assert contents(write_synthetic_dataset(tmp_path / "a", **FEW)) == contents(
        write_synthetic_dataset(tmp_path / "b", **FEW)
    )


def test_a_complete_set_is_reused(tmp_path, monkeypatch):
    root = write_synthetic_dataset(tmp_path / "set", **FEW)
    monkeypatch.setattr(synthetic, "synthetic_case", lambda *_, **__: pytest.fail("drawn again"))
    assert write_synthetic_dataset(str(root), **FEW) == root


@pytest.mark.parametrize("change", [{"seed": 1}, {"training": 3}, {"difficulty": 0.9}])
def test_other_arguments_replace_the_set(tmp_path, change):
    root = write_synthetic_dataset(tmp_path / "set", **FEW)
    before = contents(root)
    after = contents(write_synthetic_dataset(root, **{**FEW, **change}))
    assert before != after
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_another_generator_version_replaces_the_set(tmp_path, monkeypatch):
    root = write_synthetic_dataset(tmp_path / "set", **FEW)
    monkeypatch.setattr(synthetic, "GENERATOR_VERSION", 1_000)
    write_synthetic_dataset(root, **FEW)
    assert json.loads((root / "synthetic.json").read_text())["generator_version"] == 1_000


def test_a_set_with_a_lost_file_is_drawn_again(tmp_path):
    root = write_synthetic_dataset(tmp_path / "set", **FEW)
    lost = root / "ISIC-2017_Test_v2_Data" / "SYN_2000000.jpg"
    lost.unlink()
    write_synthetic_dataset(root, **FEW)
    assert lost.is_file()


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(number, **options):
        if number == 2:
            raise KeyboardInterrupt
        return small_case(number, **options)

    monkeypatch.setattr(synthetic, "synthetic_case", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_synthetic_dataset(tmp_path / "set", **FEW)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_replacement_leaves_the_earlier_set(tmp_path, monkeypatch):
    root = write_synthetic_dataset(tmp_path / "set", **FEW)
    before = contents(root)
    monkeypatch.setattr(synthetic, "synthetic_case", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_synthetic_dataset(root, **{**FEW, "seed": 9})
    assert contents(root) == before


def racing(monkeypatch, root, arguments):
    """Let another process finish its set at `root` while ours draws its last case."""
    started = []

    def case(number, **options):
        if number == 3_000_001 and not started:
            started.append(number)
            write_synthetic_dataset(root, **arguments)
        return small_case(number, **options)

    monkeypatch.setattr(synthetic, "synthetic_case", case)


def test_of_two_processes_the_first_to_finish_gives_the_set(tmp_path, monkeypatch):
    root = tmp_path / "set"
    racing(monkeypatch, root, FEW)
    assert write_synthetic_dataset(root, **FEW) == root
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    assert len(contents(root)) == 1 + 3 + 2 * 7 + 3


def test_losing_the_race_at_the_last_rename_is_no_error(tmp_path, monkeypatch):
    root = tmp_path / "set"
    rename = synthetic.os.rename

    def late(source, target):
        if target == root:
            monkeypatch.setattr(synthetic.os, "rename", rename)
            write_synthetic_dataset(root, **FEW)
        rename(source, target)

    monkeypatch.setattr(synthetic.os, "rename", late)
    assert write_synthetic_dataset(root, **FEW) == root
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_rename_that_fails_is_reported(tmp_path, monkeypatch):
    rename = synthetic.os.rename

    def full(source, target):
        if target.name == "set":
            raise OSError("no space")
        rename(source, target)

    monkeypatch.setattr(synthetic.os, "rename", full)
    with pytest.raises(OSError, match="no space"):
        write_synthetic_dataset(tmp_path / "set", **FEW)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled_and_other_content_is_left_alone(tmp_path):
    empty, foreign = tmp_path / "empty", tmp_path / "foreign"
    empty.mkdir()
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("mine")
    assert (write_synthetic_dataset(empty, **FEW) / "synthetic.json").is_file()
    with pytest.raises(ValueError, match="other content"):
        write_synthetic_dataset(foreign, **FEW)
    assert (foreign / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("amount", [-1, 1_000_001])
def test_amounts_out_of_range_are_refused(tmp_path, amount):
    with pytest.raises(ValueError, match="amounts must be"):
        write_synthetic_dataset(tmp_path / "set", training=amount)


def test_the_default_set_has_96_24_24_and_24_cases_in_shares_of_50_25_25_percent(tmp_path, monkeypatch):
    one = small_case(0, seed=0, difficulty=0.5)
    drawn = []

    def cheap(number, *, seed, difficulty):
        drawn.append(number)
        return one._replace(label=(0, 0, 1, 2)[number % 4])

    monkeypatch.setattr(synthetic, "synthetic_case", cheap)
    root = synthetic_dataset(tmp_path / "set")
    assert [sum(number // 1_000_000 == split for number in drawn) for split in range(4)] == [96, 24, 24, 24]
    table = rows(root / "ISIC-2017_Training_Part3_GroundTruth.csv")
    assert [sum(float(row[name]) for row in table) for name in ("melanoma", "seborrheic_keratosis")] == [24, 24]
