# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from mt_transunet.data import DataError, evaluated_side, fold_of, load_datalist, training_sides


def test_copies_of_one_name_in_two_folders_stay_on_one_side_of_a_fold(tmp_path, make):
    names = [f"photos/{folder}/p{number}" for number in range(8) for folder in ("full", "crop")]
    for seed, name in enumerate(names):
        make.image(tmp_path / f"{name}.jpg", seed=seed)
        make.mask(tmp_path / f"masks/{name}.png")
    entries = [{"image": f"{name}.jpg", "mask": f"masks/{name}.png"} for name in names]
    (tmp_path / "own.json").write_text(json.dumps({"training": entries}))
    lists = load_datalist(tmp_path / "own.json", splits="training", additional_dir=tmp_path / "photos")
    for fold in range(3):
        sides = training_sides(lists, fold, 3)
        held = {Path(item["image"]).name for item in sides["validation"]}
        assert held and not held & {Path(item["image"]).name for item in [*sides["training"], *sides["unlabelled"]]}


@pytest.fixture
def items(tmp_path: Path):
    """Twelve images, half of them with a copy in a second geometry; six nevi, four melanomas, two keratoses."""

    def write(name: str, folder: str, content: str) -> str:
        path = tmp_path / folder / f"{name}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        return str(path)

    labels = [0] * 6 + [1] * 4 + [2] * 2
    names = [f"ISIC_{number:07d}" for number in range(12)]
    first = [
        {"image": write(name, "a", f"a {name}"), "image_id": name, "label": label} for name, label in zip(names, labels)
    ]
    second = [{**item, "image": write(item["image_id"], "b", f"b {item['image_id']}")} for item in first[::2]]
    return {
        "training": first + second,
        "unlabelled": [{"image": write("extra", "c", "c"), "image_id": "extra"}],
        "validation": [{"image": write("ISIC_0000099", "a", "v"), "image_id": "ISIC_0000099", "label": 0}],
    }


def ids(items):
    return [item["image_id"] for item in items]


def test_the_folds_share_out_all_training_images(items):
    parts = [set(ids(training_sides(items, fold, 2)["validation"])) for fold in range(2)]
    assert parts[0] | parts[1] == set(ids(items["training"]))
    assert not parts[0] & parts[1]


def test_an_image_is_in_the_same_fold_whatever_its_spelling_or_company(items):
    assert fold_of("isic_0000007_downsampled", 5) == fold_of("ISIC_0000007", 5)
    fewer = {**items, "training": items["training"][5:9]}
    held = {fold: set(ids(training_sides(fewer, fold, 2)["validation"])) for fold in range(2)}
    everywhere = {fold: set(ids(training_sides(items, fold, 2)["validation"])) for fold in range(2)}
    assert all(held[fold] <= everywhere[fold] for fold in range(2))


def test_two_thousand_ids_fall_evenly_into_five_folds():
    counts = Counter(fold_of(f"ISIC_{number:07d}", 5) for number in range(2000))
    assert all(abs(counts[fold] - 400) < 4 * 18 for fold in range(5))  # four standard deviations of a binomial


def test_no_copy_of_a_held_out_image_is_trained_on(items):
    items["unlabelled"].append({**items["training"][0], "image_id": "isic_0000000_downsampled"})
    for fold in range(2):
        sides = training_sides(items, fold, 2)
        trained = {name[:12].upper() for name in ids(sides["training"] + sides["unlabelled"])}
        assert not trained & set(ids(sides["validation"]))


def test_what_a_fold_does_not_hold_out_is_trained_on_with_all_copies(items):
    for fold in range(2):
        sides = training_sides(items, fold, 2)
        held = set(ids(sides["validation"]))
        assert sides["training"] == [item for item in items["training"] if item["image_id"] not in held]


def test_the_images_to_evaluate_are_those_the_training_left_out(items):
    assert evaluated_side(items, "val", 1, 2) == training_sides(items, 1, 2)["validation"]
    alone = {"training": items["training"][:12]}  # one of the two roots
    assert evaluated_side(alone, "val", 1, 2) == evaluated_side(items, "val", 1, 2)


def test_of_several_copies_the_first_is_validated_on(items):
    held = [item for fold in range(2) for item in training_sides(items, fold, 2)["validation"]]
    assert len(held) == 12 and {Path(item["image"]).parent.name for item in held} == {"a"}


def test_of_several_copies_the_first_is_evaluated(items):
    items["validation"].append({**items["validation"][0], "image": "elsewhere.jpg"})
    assert evaluated_side(items, "val") == items["validation"][:1]


def test_without_a_fold_the_dataset_keeps_its_own_sides(items):
    assert training_sides(items) == items


def test_an_image_that_validation_repeats_leaves_training_with_all_its_copies(items, caplog):
    Path(items["validation"][0]["image"]).write_bytes(Path(items["training"][4]["image"]).read_bytes())
    sides = training_sides(items)
    assert set(ids(items["training"])) - set(ids(sides["training"])) == {"ISIC_0000004"}
    assert "dropped ISIC_0000004 from training: byte-identical to validation images" in caplog.text


@pytest.mark.parametrize(("fold", "num_folds"), [(2, 2), (-1, 2), (0, 1)])
def test_a_fold_that_does_not_exist_is_refused(items, fold, num_folds):
    with pytest.raises(DataError, match=f"there is no fold {fold} of {num_folds}: fold counts from 0"):
        training_sides(items, fold, num_folds)


def test_a_fold_of_another_split_is_refused(items):
    with pytest.raises(DataError, match="fold 0 is a part of the training images.*leave split out, got 'test'"):
        evaluated_side(items, "test", 0, 2)


def test_a_fold_without_images_is_refused(items):
    empty = next(fold for fold in range(1000) if fold not in {fold_of(name, 1000) for name in ids(items["training"])})
    with pytest.raises(DataError, match=f"fold {empty} of 1000 holds none of 18 images; take fewer folds"):
        training_sides(items, empty, 1000)


def test_a_copy_of_a_held_out_image_is_not_trained_on_whatever_its_group(items):
    held = next(item for item in items["training"] if fold_of(item["image_id"], 2) == 0)
    grouped = {**held, "group": next(name for name in "abcdefgh" if fold_of(name, 2) == 0)}
    others = [item for item in items["training"] if item is not held]
    copy = {**held, "group": next(name for name in "abcdefgh" if fold_of(name, 2) == 1)}
    sides = training_sides({**items, "training": [grouped, *others], "unlabelled": [copy]}, 0, 2)
    assert held["image_id"] in ids(sides["validation"]) and held["image_id"] not in ids(sides["unlabelled"])


def test_a_fold_of_all_images_is_refused(items):
    one = {**items, "training": items["training"][:1]}
    with pytest.raises(DataError, match="leaves nothing to train on"):
        training_sides(one, fold_of(one["training"][0]["image_id"], 2), 2)


def test_the_challenge_repeats_one_training_image_in_validation(real_data):
    roots = [str(real_data / "isic2017_256"), str(real_data / "isic2017_crop512")]
    lists = load_datalist(roots)
    sides = training_sides(lists)
    assert set(ids(lists["training"])) - set(ids(sides["training"])) == {"ISIC_0012970"}
    assert len(sides["validation"]) == 150
