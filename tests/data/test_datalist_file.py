# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from mt_transunet.data import DataError, check_data, find_images, load_datalist, readable_images


@pytest.fixture
def write(tmp_path, make):
    make.image(tmp_path / "images" / "a.jpg")
    make.image(tmp_path / "images" / "b.png")
    make.mask(tmp_path / "masks" / "a.png")

    def write_lists(**lists):
        (tmp_path / "datalist.json").write_text(json.dumps(lists), encoding="utf-8-sig")
        return tmp_path

    return write_lists


def test_paths_are_relative_to_the_file_and_ids_default_to_the_stem(write):
    root = write(test=[{"image": "images/a.jpg", "mask": "masks/a.png", "label": 2, "age": 55}])
    assert load_datalist(root, splits="test")["test"] == [
        {"image": str(root / "images/a.jpg"), "mask": str(root / "masks/a.png"), "label": 2, "image_id": "a"}
    ]


def test_a_label_that_is_a_path_is_the_mask_of_unknown_class(write):
    root = write(test=[{"image": "images/a.jpg", "label": "masks/a.png"}])
    (item,) = load_datalist(root, splits="test")["test"]
    assert item["mask"] == str(root / "masks/a.png") and "label" not in item


def test_ids_may_be_given_and_null_or_a_bare_path_is_unknown(write):
    root = write(test=[{"image": "images/a.jpg", "image_id": 7, "mask": None, "label": None}, "images/b.png"])
    items = load_datalist(root / "datalist.json", splits="test")["test"]
    assert [sorted(item) for item in items] == [["image", "image_id"]] * 2
    assert [item["image_id"] for item in items] == ["7", "b"]


def test_images_of_one_name_are_told_apart_where_no_id_is_given(write, make):
    for name in ("P0/x.jpg", "P1/x.jpg", "P2/x.jpg"):
        make.image(write().joinpath(name))
    root = write(test=["P0/x.jpg", {"image": "P1/x.jpg"}, {"image": "P2/x.jpg", "image_id": "x"}])
    assert [item["image_id"] for item in load_datalist(root, splits="test")["test"]] == ["P0/x", "P1/x", "x"]
    root = write(validation=["P0/x.jpg", "P1/x.jpg"])  # copies of one photograph, as far as training knows
    assert [item["image_id"] for item in load_datalist(root, splits="validation")["validation"]] == ["x", "x"]


@pytest.mark.parametrize("lists", [{}, {"validation": []}])
def test_check_data_refuses_a_list_without_images(write, lists):
    assert not check_data(write(**lists) / "datalist.json").ok


def test_it_is_tried_before_the_other_layouts(write, make):
    root = write(test=[{"image": "images/a.jpg"}])
    make.isic(root, "test", {"ISIC_0000004": (0, 0)})
    assert [item["image_id"] for item in load_datalist(root, splits="test")["test"]] == ["a"]


@pytest.mark.parametrize("label", [3, -1, 0.5, True, [1]])
def test_a_label_outside_0_1_2_is_refused(write, label):
    root = write(test=[{"image": "images/a.jpg", "label": label}])
    with pytest.raises(DataError, match=r"test\[0\]: label of images/a.jpg must be 0, 1 or 2"):
        load_datalist(root, splits="test")


@pytest.mark.parametrize(
    "entry, message",
    [
        ({"image": "images/no.jpg"}, "files that do not exist: image .*no.jpg; correct the paths"),
        ({"image": "images/a.jpg", "mask": "masks/no.png"}, "files that do not exist: mask .*no.png"),
        ({"mask": "masks/a.png"}, "must be an object with an image path"),
        (5, "must be an object with an image path, got 5"),
        ({"image": "images/a.jpg", "mask": 5}, "mask of images/a.jpg must be a path, got 5"),
        ({"image": "images/a.jpg", "mask": "masks/a.png", "label": "masks/b.png"}, "has two masks"),
    ],
)
def test_an_item_that_names_no_usable_files_is_refused(write, entry, message):
    root = write(test=[entry])
    with pytest.raises(DataError, match=message):
        load_datalist(root, splits="test")


def test_the_files_of_a_list_that_was_moved_are_one_finding(write):
    root = write(training=[{"image": f"gone/{name}.jpg"} for name in "ab"], test=[{"image": "images/a.jpg"}])
    report = check_data(root)
    (finding,) = report.errors
    assert finding.text.endswith("training names files that do not exist") and len(finding.names) == 2
    assert report.splits["training"].images == 0 and report.splits["test"].images == 1


@pytest.mark.parametrize(
    "text, message",
    [
        ("{", "is not valid JSON"),
        ("[]", "must be an object with the lists training, validation, test"),
        ('{"test": {"image": "a"}}', "test must be a list of items, got dict"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, text, message):
    (tmp_path / "datalist.json").write_text(text)
    with pytest.raises(DataError, match=message):
        load_datalist(tmp_path, splits="test")


def test_a_missing_split_is_refused_with_what_is_there(write):
    root = write(test=[{"image": "images/a.jpg"}], validation=[])
    with pytest.raises(DataError, match=r"no validation split: found datalist.json at .* \(test\)"):
        load_datalist(root, splits="val")


def test_every_image_listed_is_found_there_or_not_whatever_its_mask_and_label(write):
    root = write(
        test=["images/a.jpg", "images/typo.jpg"], training=[{"image": "images/b.png", "mask": "x", "label": 9}]
    )
    names = ["images/a.jpg", "images/b.png", "images/typo.jpg"]
    assert find_images(root) == [str(root / name) for name in names]
    assert readable_images(find_images(root))[1] == {str(root / "images/typo.jpg"): "No such file or directory"}


def test_an_item_without_an_image_is_refused_though_images_alone_are_asked_for(write):
    with pytest.raises(DataError, match=r"test\[1\] must be an object with an image path, got {'img': 'a'}"):
        find_images(write(test=["images/a.jpg", {"img": "a"}]))


def test_lists_of_other_names_are_told_once(write, caplog):
    items = [{"image": "images/a.jpg", "mask": "masks/a.png"}]
    root = write(training=items, validation=[{"image": "images/b.png"}], testing=items, tags=["hair"])
    load_datalist(root)
    told = [record.getMessage() for record in caplog.records if "passed over" in record.getMessage()]
    assert told == [
        f"{root / 'datalist.json'}: lists of another name than a split's are passed over: testing; "
        "the lists that are read are called training, validation, test"
    ]


def test_a_file_whose_lists_are_no_splits_is_refused_with_their_names(write):
    root = write(train=[{"image": "images/a.jpg"}], val=[{"image": "images/b.png"}])
    with pytest.raises(DataError, match=r"datalist.json holds no split but train, val; the lists that are read"):
        load_datalist(root)


@pytest.mark.parametrize("label", ["1", "melanoma"])
def test_a_label_in_words_is_no_mask_that_is_missing(write, label):
    root = write(test=[{"image": "images/a.jpg", "label": label}])
    message = f"label of images/a.jpg is '{label}'; give the class as 0, 1 or 2, or the path of a mask"
    with pytest.raises(DataError, match=message):
        load_datalist(root, splits="test")


def test_keys_of_another_name_are_told_once(write, caplog):
    root = write(test=[{"image": name, "Mask": "masks/a.png", "age": 5} for name in ("images/a.jpg", "images/b.png")])
    load_datalist(root, splits="test")
    told = [record.getMessage() for record in caplog.records if "passed over" in record.getMessage()]
    assert told == [f"{root / 'datalist.json'}: test: the key Mask is passed over; write mask if that is meant"]


def test_a_label_may_be_a_mask_of_a_kind_that_photographs_have_not(write):
    root = write(test=[{"image": "images/a.jpg", "label": "masks/a.gif"}])
    (root / "masks" / "a.gif").write_bytes((root / "masks" / "a.png").read_bytes())
    assert load_datalist(root, splits="test", headers=False)["test"][0]["mask"] == str(root / "masks/a.gif")
