# SPDX-License-Identifier: Apache-2.0
"""A list of one's own images, and that it is read as it was meant."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mt_transunet.cli import main
from mt_transunet.data import DataError, OwnTable, load_datalist, training_sides, write_datalist


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Forty images of twenty patients, a mask for each but the last, and a table."""
    rows = ["patient,image_id,diagnosis"]
    for number in range(40):
        for folder, kind in (("images", "jpg"), ("masks", "png")):
            (tmp_path / folder).mkdir(exist_ok=True)
            if (folder, number) != ("masks", 39):
                Image.fromarray(np.full((6, 8), number, np.uint8)).save(tmp_path / folder / f"x{number}.{kind}")
        rows.append(f"P{number // 2},x{number},{('nevus', 'melanoma', 'seborrheic keratosis')[number % 3]}")
    (tmp_path / "table.csv").write_text("\n".join(rows))
    return tmp_path


def names(items: list[dict]) -> set[str]:
    return {Path(item["image"]).stem for item in items}


def test_the_list_reads_back_with_every_mask_and_diagnosis(own: Path) -> None:
    table = OwnTable(own / "table.csv", names=("nevus", "melanoma", "seborrheic keratosis"))
    write_datalist(own / "images", own / "lists" / "datalist.json", masks=own / "masks", table=table, test=0.2)
    lists = load_datalist(own / "lists" / "datalist.json", splits=("training", "validation", "test"))
    items = [item for side in lists.values() for item in side]
    assert len(items) == len(names(items)) == 40
    for item in items:
        number = int(Path(item["image"]).stem[1:])
        assert item["label"] == number % 3
        assert ("mask" in item) == (number != 39)
        assert number == 39 or Path(item["mask"]).stem == f"x{number}"


def test_the_paths_of_the_list_start_from_its_folder(own: Path) -> None:
    write_datalist(own / "images", own / "deep" / "d.json", masks=own / "masks")
    first = json.loads((own / "deep" / "d.json").read_text())["training"][0]
    assert (own / "deep" / first["image"]).is_file() and first["image"].startswith("../images/x")
    assert first["mask"].startswith("../masks/x") and "label" not in first


def test_no_patient_is_on_two_sides(own: Path) -> None:
    table = OwnTable(own / "table.csv", group="patient", names=("nevus", "melanoma", "seborrheic keratosis"))
    write_datalist(own / "images", own / "d.json", masks=own / "masks", table=table, validation=0.3, test=0.3)
    lists = json.loads((own / "d.json").read_text())
    patients = [{int(name[1:]) // 2 for name in names(lists[side])} for side in lists]
    assert all(patients) and sum(map(len, patients)) == 20


def test_no_patient_is_in_two_folds_of_the_list(own: Path) -> None:
    table = OwnTable(own / "table.csv", group="patient", names=("nevus", "melanoma", "seborrheic keratosis"))
    write_datalist(own / "images", own / "d.json", masks=own / "masks", table=table)
    lists = load_datalist(own / "d.json", splits=("training", "validation"))
    sides = training_sides(lists, fold=0, num_folds=3)
    patients = [{int(name[1:]) // 2 for name in names(sides[side])} for side in ("training", "validation")]
    assert all(patients) and not patients[0] & patients[1]


def test_an_image_stays_on_its_side_when_others_are_added(own: Path) -> None:
    write_datalist(own / "images", own / "before.json")
    for number in range(40, 60):
        Image.fromarray(np.full((6, 8), number, np.uint8)).save(own / "images" / f"x{number}.jpg")
    write_datalist(own / "images", own / "after.json")
    before, after = (json.loads((own / name).read_text()) for name in ("before.json", "after.json"))
    for side in ("training", "validation"):
        assert names(before[side]) == {name for name in names(after[side]) if int(name[1:]) < 40}


def test_about_the_share_that_was_asked_for_is_validated_on(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for number in range(1000):
        (tmp_path / "images" / f"{number}.jpg").touch()
    splits = write_datalist(tmp_path / "images", tmp_path / "d.json", validation=0.2).splits
    assert splits["validation"].images == pytest.approx(200, abs=38)  # three standard deviations of 1000 draws
    assert splits["test"].images == 0


def test_masks_in_a_folder_below_the_images_are_no_images(own: Path) -> None:
    (own / "masks").rename(own / "images" / "masks")
    report = write_datalist(own / "images", own / "d.json", masks=own / "images" / "masks")
    assert sum(split.images for split in report.splits.values()) == 40
    assert sum(split.with_mask for split in report.splits.values()) == 39


@pytest.mark.parametrize("place", ["images", "."], ids=["among the images", "above them"])
def test_masks_may_lie_where_the_images_lie(own: Path, place: str) -> None:
    endings = ("_mask", "_GT", "-segmentation")
    for number, path in enumerate(sorted((own / "masks").glob("*.png"))):
        path.rename(own / "images" / f"{path.stem}{endings[number % 3]}.png")
    report = write_datalist(own / "images", own / "d.json", masks=own / place)
    assert sum(split.images for split in report.splits.values()) == 40
    assert sum(split.with_mask for split in report.splits.values()) == 39


def test_images_of_one_name_in_several_folders_have_ids_of_their_own(tmp_path: Path) -> None:
    for patient in range(9):
        (tmp_path / "images" / f"P{patient}").mkdir(parents=True)
        Image.new("RGB", (8, 6), (patient, 0, 0)).save(tmp_path / "images" / f"P{patient}" / "x.jpg")
    write_datalist(tmp_path / "images", tmp_path / "d.json", test=1, validation=0)
    found = load_datalist(tmp_path / "d.json", splits=("test",))["test"]
    assert {item["image_id"] for item in found} == {f"P{patient}/x" for patient in range(9)}


def test_no_image_that_was_validated_on_is_tested_on_when_a_test_share_is_asked_for_later(own: Path) -> None:
    write_datalist(own / "images", own / "before.json", validation=0.3)
    write_datalist(own / "images", own / "after.json", validation=0.3, test=0.3)
    before, after = (json.loads((own / name).read_text()) for name in ("before.json", "after.json"))
    assert names(before["validation"]) == names(after["validation"]) and after["test"]


def test_another_seed_draws_other_sides(own: Path) -> None:
    for seed in (0, 1):
        write_datalist(own / "images", own / f"{seed}.json", seed=seed)
    first, second = (json.loads((own / f"{seed}.json").read_text()) for seed in (0, 1))
    assert names(first["validation"]) != names(second["validation"])


def test_a_list_is_replaced_where_that_is_asked_for(own: Path) -> None:
    (own / "d.json").write_text("old")
    write_datalist(own / "images", own / "d.json", masks=own / "masks", overwrite=True)
    assert len(load_datalist(own / "d.json", splits=("training",))["training"]) > 20


def test_a_side_without_a_diagnosis_is_noted(own: Path) -> None:
    (own / "table.csv").write_text("image_id,diagnosis\n" + "".join(f"x{number},nevus\n" for number in range(40)))
    notes = [
        problem.text
        for problem in write_datalist(own / "images", own / "d.json", table=OwnTable(own / "table.csv")).notes
    ]
    assert any(note.startswith("validation holds no melanoma and no seborrheic_keratosis") for note in notes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"images": "nowhere"}, "nowhere is not there; give a folder"),
        ({"masks": "nowhere"}, "nowhere is not there; give a folder"),
        ({"file": "d.txt"}, "must end in .json"),
        ({"file": "table.json"}, "is there already"),
        ({"validation": 0.7, "test": 0.4}, "at most 1 together"),
        ({"validation": 1e-6}, "none of 40 images in 40 groups fell to validation"),
        ({"images": "empty"}, "holds no image"),
    ],
)
def test_what_makes_no_list_is_refused_and_nothing_is_written(own: Path, change: dict, words: str) -> None:
    (own / "empty").mkdir()
    (own / "table.json").write_text("mine")
    told = {"images": "images", "file": "d.json", **change}
    paths = {key: own / told.pop(key) for key in ("images", "file", "masks") if key in told}
    with pytest.raises(DataError, match=words):
        write_datalist(**paths, **told)
    assert not (own / "d.json").exists() and (own / "table.json").read_text() == "mine"


def test_a_row_of_two_diagnoses_writes_nothing(own: Path) -> None:
    (own / "table.csv").write_text("image_id,melanoma,seborrheic_keratosis\nx0,1,1\nx1,0,0\n")
    with pytest.raises(DataError, match="x0 is both melanoma and seborrheic_keratosis"):
        write_datalist(own / "images", own / "d.json", table=OwnTable(own / "table.csv"))
    assert not (own / "d.json").exists()


def test_the_command_prints_the_sides_and_what_to_do_next(own: Path, capsys: pytest.CaptureFixture) -> None:
    line = ["datalist", own / "images", own / "d.json", "--masks", own / "masks", "--table", own / "table.csv"]
    line += ["--names", "nevus", "melanoma", "seborrheic keratosis", "--group_column", "patient"]
    assert main([str(word) for word in line]) == 0
    said = capsys.readouterr().out
    counts = [int(part.split(" images")[0].split()[-1]) for part in said.splitlines() if " images, " in part]
    assert sum(counts) == 40 and "1 images have no mask" in said and f"check-data {own / 'd.json'}" in said


def test_a_list_to_evaluate_only_needs_no_more_than_a_share_of_one(own: Path) -> None:
    assert main(["datalist", str(own / "images"), str(own / "d.json"), "--test", "1"]) == 0
    assert len(load_datalist(own / "d.json", splits=("test",))["test"]) == 40


@pytest.mark.parametrize("option", ["--group_column", "--image_column", "--diagnosis_column"])
def test_options_of_a_table_need_one(own: Path, capsys: pytest.CaptureFixture, option: str) -> None:
    assert main(["datalist", str(own / "images"), str(own / "d.json"), option, "patient"]) == 1
    assert "give it with --table" in capsys.readouterr().err


def test_of_many_refused_rows_the_first_ten_are_told(tmp_path):
    for index in range(12):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{index}.png")
    rows = "".join(f"{index},0.5,0\n" for index in range(12))
    (tmp_path / "t.csv").write_text(f"image_id,melanoma,seborrheic_keratosis\n{rows}")
    with pytest.raises(DataError) as refused:
        write_datalist(tmp_path, tmp_path / "own.json", table=OwnTable(tmp_path / "t.csv"))
    lines = str(refused.value).splitlines()
    assert len(lines) == 11 and lines[-1] == "and 2 more"
