# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mt_transunet.data import DataError, load_datalist, training_sides


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


def test_every_fold_holds_its_share_of_each_diagnosis(items):
    for fold in range(2):
        held = training_sides(items, fold, 2)["validation"]
        assert Counter(item["label"] for item in held) == {0: 3, 1: 2, 2: 1}


def test_no_copy_of_a_held_out_image_is_trained_on(items):
    items["unlabelled"].append({**items["training"][0], "image_id": "isic_0000000_downsampled"})
    for fold in range(2):
        sides = training_sides(items, fold, 2)
        trained = {name[:12].upper() for name in ids(sides["training"] + sides["unlabelled"])}
        assert not trained & set(ids(sides["validation"]))
        assert len(sides["training"]) + sum(
            2 if "b" in str(item["image"]) or int(item["image_id"][-7:]) % 2 == 0 else 1 for item in sides["validation"]
        ) == len(items["training"])


def test_of_several_copies_the_first_is_validated_on(items):
    held = training_sides(items, 0, 2)["validation"]
    assert len(held) == 6 and {Path(item["image"]).parent.name for item in held} == {"a"}


def test_a_fold_means_the_same_images_whatever_the_order_of_the_list(items):
    reversed_items = {**items, "training": items["training"][::-1]}
    held, again = (training_sides(lists, 1, 2)["validation"] for lists in (items, reversed_items))
    assert set(ids(held)) == set(ids(again))


def test_without_a_fold_the_dataset_keeps_its_own_sides(items):
    assert training_sides(items) == items


def test_an_image_that_validation_repeats_leaves_training_with_all_its_copies(items, caplog):
    Path(items["validation"][0]["image"]).write_bytes(Path(items["training"][4]["image"]).read_bytes())
    sides = training_sides(items)
    assert set(ids(items["training"])) - set(ids(sides["training"])) == {"ISIC_0000004"}
    assert "dropped ISIC_0000004 from training: byte-identical to validation images" in caplog.text


@pytest.mark.parametrize(("fold", "folds"), [(2, 2), (-1, 2), (0, 1), (0, 3)])
def test_a_fold_that_does_not_exist_is_refused(items, fold, folds):
    with pytest.raises(
        DataError, match=f"there is no fold {fold} of {folds}: .* with 2 training images, allows 2 to 2 folds"
    ):
        training_sides(items, fold, folds)


def test_the_challenge_repeats_one_training_image_in_validation(real_data):
    roots = [str(real_data / "isic2017_256"), str(real_data / "isic2017_crop512")]
    lists = load_datalist(roots)
    sides = training_sides(lists)
    assert set(ids(lists["training"])) - set(ids(sides["training"])) == {"ISIC_0012970"}
    assert len(sides["validation"]) == 150
