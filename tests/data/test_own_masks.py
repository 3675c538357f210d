# SPDX-License-Identifier: Apache-2.0
"""Which mask belongs to which image."""

from __future__ import annotations

from pathlib import Path

import pytest

from mt_transunet.data import DataError
from mt_transunet.data.errors import Problems
from mt_transunet.data.own_masks import find_images, find_masks


def named(*paths: Path) -> dict[str, Path]:
    return {path.stem: path for path in paths}


def touch(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return [folder / name for name in names]


@pytest.mark.parametrize(
    "name",
    ["x1.png", "x1_mask.png", "x1-GT.tif", "x1_lesion_outline.bmp", "deep/below/x1.segmentation.png", "x1mask.png"],
)
def test_a_mask_is_called_as_its_image_or_that_and_a_word(tmp_path: Path, name: str) -> None:
    (image,) = touch(tmp_path / "images", "x1.jpg")
    (mask,) = touch(tmp_path / "masks", name)
    assert find_masks(tmp_path / "masks", named(image), Problems()) == {image: mask}


def test_a_number_is_no_word(tmp_path: Path) -> None:
    one, ten = touch(tmp_path / "images", "x1.jpg", "x10.jpg")
    of_ten, of_two = touch(tmp_path / "masks", "x10_mask.png", "x1_2.png")
    problems = Problems(strict=False)
    assert find_masks(tmp_path / "masks", named(one, ten), problems) == {ten: of_ten}
    assert [problem.names for problem in problems.noted] == [(of_two.name,), (one.stem,)]


def test_the_longest_name_that_fits_is_the_images(tmp_path: Path) -> None:
    short, long = touch(tmp_path / "images", "a.jpg", "a_left.jpg")
    masks = touch(tmp_path / "masks", "a_left_mask.png", "a_mask.png")
    assert find_masks(tmp_path / "masks", named(short, long), Problems()) == {long: masks[0], short: masks[1]}


def test_masks_may_lie_among_the_images(tmp_path: Path) -> None:
    image, mask = touch(tmp_path, "x.jpg", "x_mask.png")
    assert find_masks(tmp_path, named(image), Problems()) == {image: mask}


@pytest.mark.parametrize("masks", ["masks", "images"])
def test_images_of_one_name_are_told_apart_by_their_folders(tmp_path: Path, masks: str) -> None:
    images = touch(tmp_path / "images", "P1/x.jpg", "P2/x.jpg", "P2/y.jpg")
    outlines = touch(tmp_path / masks, "P1/x_mask.png", "P2/x_mask.png", "P2/y_mask.png")
    found = find_images(tmp_path / "images", tmp_path / masks, Problems())
    assert found == {"P1/x": images[0], "P2/x": images[1], "y": images[2]}
    assert find_masks(tmp_path / masks, found, Problems()) == dict(zip(images, outlines))


def test_files_among_the_images_that_may_be_masks_are_named(tmp_path: Path) -> None:
    x, _, roi, lost, plain = touch(tmp_path, "x.jpg", "x_mask.png", "x_roi.png", "z_mask.png", "y_2.jpg")
    problems = Problems(strict=False)
    assert set(find_images(tmp_path, tmp_path, problems).values()) == {x, roi, lost, plain}
    assert [problem.line() for problem in problems.noted] == [
        "2 files count as images and are called like masks: x_roi.png, z_mask.png; call masks x_mask of an image x, or "
        "put them into a folder of their own"
    ]


def test_two_files_of_one_name_in_a_folder_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "x.jpg", "x.png")
    with pytest.raises(DataError, match="have one name: rename one, or put masks into a folder of their own"):
        find_images(tmp_path, None, Problems())


def test_hidden_files_and_the_pictures_of_inference_are_no_masks(tmp_path: Path) -> None:
    (image,) = touch(tmp_path / "images", "x.jpg")
    names = ("x_mask.png", "x_overlay.jpg", ".ipynb_checkpoints/x-checkpoint.png", "._x.png")
    mask, *_ = touch(tmp_path / "masks", *names)
    assert find_masks(tmp_path / "masks", named(image), Problems()) == {image: mask}


def test_masks_behind_a_link_are_found(tmp_path: Path) -> None:
    (image,) = touch(tmp_path / "images", "x.jpg")
    touch(tmp_path / "store", "x.png")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "batch").symlink_to(tmp_path / "store")
    assert find_masks(tmp_path / "masks", named(image), Problems()) == {image: tmp_path / "masks" / "batch" / "x.png"}


@pytest.mark.parametrize(
    ("images", "masks", "words"),
    [
        (["x.jpg"], ["y.png"], r"no mask fits an image by its name \(y.png; the image x wants x.png in another"),
        (["x.jpg"], [], r"no mask fits an image by its name \(no files beside the images;"),
        (["x.jpg"], ["x.png", "x_mask.png"], "x.jpg has two masks"),
    ],
)
def test_what_cannot_be_matched_is_refused_by_name(
    tmp_path: Path, images: list[str], masks: list[str], words: str
) -> None:
    (tmp_path / "masks").mkdir()
    touch(tmp_path / "masks", *masks)
    with pytest.raises(DataError, match=words):
        find_masks(tmp_path / "masks", named(*touch(tmp_path / "images", *images)), Problems())
