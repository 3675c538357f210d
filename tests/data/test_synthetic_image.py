# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import functools

import cv2
import numpy as np
import pytest

from mt_transunet import CLASS_NAMES
from mt_transunet.data.synthetic_image import synthetic_case

SMALL = (96, 128)


def surroundings(mask):
    """A band of eight pixels around the lesion."""
    return (cv2.dilate(mask.astype(np.uint8), np.ones((17, 17))) > 0) & ~mask


def number_of_colours(drawn):
    """Eighths of the colour cube, per channel, that hold 1% of the lesion."""
    bins = (cv2.GaussianBlur(drawn.image, (0, 0), 1.5)[drawn.mask] // 32).astype(int)
    counts = np.unique(bins @ [64, 8, 1], return_counts=True)[1]
    return int((counts > 0.01 * drawn.mask.sum()).sum())


def fineness(drawn):
    """Strength of detail of one to three pixels on the lesion, in brightness levels."""
    grey = drawn.image.mean(axis=-1).astype(np.float32)
    return float((cv2.GaussianBlur(grey, (0, 0), 1.0) - cv2.GaussianBlur(grey, (0, 0), 3.0))[drawn.mask].std())


def border_sharpness(drawn):
    """Change of brightness within three pixels of the border over that a quarter of the radius to each side of it."""
    grey = cv2.GaussianBlur(drawn.image, (0, 0), 1.0).mean(axis=-1)
    inside, outside = (cv2.distanceTransform(x.astype(np.uint8), cv2.DIST_L2, 5) for x in (drawn.mask, ~drawn.mask))
    far = 0.25 * np.sqrt(drawn.mask.sum() / np.pi)
    near = [grey[(d > 1) & (d <= 3)].mean() for d in (inside, outside)]
    wide = [grey[(d > far) & (d <= far + 2)].mean() for d in (inside, outside)]
    return (near[1] - near[0]) / (wide[1] - wide[0])


@functools.cache
def case(index, label, difficulty):
    return synthetic_case(index, diagnosis=label, size=(120, 160), difficulty=difficulty)


def cases(label, count=30, difficulty=0.5):
    return [case(index, label, difficulty) for index in range(count)]


def test_a_case_is_the_same_whatever_was_drawn_before():
    first = synthetic_case(5, seed=3)
    synthetic_case(6, seed=3)
    again = synthetic_case(5, seed=3)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.mask, again.mask)
    assert first.label == again.label


def test_another_seed_and_another_number_give_other_images():
    images = [synthetic_case(i, seed=s, size=SMALL).image for i, s in ((0, 0), (1, 0), (0, 1))]
    assert all((images[i] != images[j]).mean() > 0.5 for i, j in ((0, 1), (0, 2), (1, 2)))


def test_a_case_is_an_rgb_image_with_a_mask_of_its_size():
    drawn = synthetic_case(0, size=(70, 90), diagnosis="melanoma")
    assert drawn.image.shape == (70, 90, 3) and drawn.image.dtype == np.uint8
    assert drawn.mask.shape == (70, 90) and drawn.mask.dtype == bool
    assert drawn.label == 1


@pytest.mark.parametrize("label, name", list(enumerate(CLASS_NAMES)))
def test_a_diagnosis_is_a_name_or_a_label(label, name):
    by_name = synthetic_case(2, size=SMALL, diagnosis=name)
    by_label = synthetic_case(2, size=SMALL, diagnosis=label)
    assert by_name.label == by_label.label == label
    np.testing.assert_array_equal(by_name.image, by_label.image)


def test_every_four_numbers_hold_two_nevi_a_melanoma_and_a_keratosis_in_no_fixed_order():
    labels = np.array([synthetic_case(i, size=(64, 64)).label for i in range(32)]).reshape(8, 4)
    np.testing.assert_array_equal(np.sort(labels, axis=1), np.tile([0, 0, 1, 2], (8, 1)))
    assert len(np.unique(labels, axis=0)) > 2


def test_drawn_sizes_are_of_several_kinds_and_never_square():
    sizes = {synthetic_case(i).mask.shape for i in range(24)}
    assert len(sizes) >= 4
    assert all(height != width for height, width in sizes)
    assert any(height > width for height, width in sizes)
    assert max(max(size) for size in sizes) <= 384


@pytest.mark.parametrize("label", range(3))
def test_the_mask_separates_lesion_from_skin(label):
    distances = []
    for drawn in cases(label, 12):
        inside, outside = drawn.image[drawn.mask].mean(axis=0), drawn.image[surroundings(drawn.mask)].mean(axis=0)
        distances.append(np.linalg.norm(inside - outside))
    assert min(distances) > 15.0
    assert np.median(distances) > 50.0


def test_melanomas_have_more_colours_than_nevi():
    nevi, melanomas = ([number_of_colours(drawn) for drawn in cases(label)] for label in (0, 1))
    assert np.mean(melanomas) > 1.3 * np.mean(nevi)


def test_keratoses_are_cut_more_sharply_than_nevi():
    nevi, keratoses = (np.median([border_sharpness(x) for x in cases(k)]) for k in (0, 2))
    assert keratoses > nevi + 0.15


def test_mean_colour_alone_hardly_tells_the_kinds_apart():
    colours = [np.stack([drawn.image[drawn.mask].mean(axis=0) for drawn in cases(label)]) for label in range(3)]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        apart = np.abs(colours[i].mean(axis=0) - colours[j].mean(axis=0))
        spread = 0.5 * (colours[i].std(axis=0) + colours[j].std(axis=0))
        assert (apart < spread).all()


def test_lesions_of_every_kind_are_textured():
    assert all(np.median([fineness(drawn) for drawn in cases(label, 12)]) > 2.0 for label in range(3))


def test_greater_difficulty_makes_fainter_lesions():
    contrast = []
    for difficulty in (0.0, 1.0):
        means = [
            np.abs(drawn.image[drawn.mask].mean(axis=0) - drawn.image[surroundings(drawn.mask)].mean(axis=0)).mean()
            for drawn in cases(0, 12, difficulty)
        ]
        contrast.append(np.mean(means))
    assert contrast[1] < 0.75 * contrast[0]


@pytest.mark.parametrize(
    "options, rule",
    [
        ({"index": -1}, "0 or more"),
        ({"seed": -2}, "0 or more"),
        ({"size": (63, 200)}, "at least 64"),
        ({"difficulty": 1.5}, r"in \[0,1\]"),
        ({"diagnosis": "wart"}, "must be one of"),
        ({"diagnosis": 3}, "must be one of"),
    ],
)
def test_arguments_out_of_range_are_refused(options, rule):
    with pytest.raises(ValueError, match=rule):
        synthetic_case(**{"index": 0, **options})
