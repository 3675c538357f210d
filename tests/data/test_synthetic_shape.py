# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest

from mt_transunet.data.synthetic_shape import draw_lesion

SIZE = (96, 128)


def lesions(label, count=30):
    return [draw_lesion(np.random.default_rng(seed), SIZE, label) for seed in range(count)]


def whole(lesion):
    mask = lesion.mask
    return not (mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def asymmetry(mask):
    """Share of the area that does not fold onto itself, mean over the two principal axes."""
    rows, columns = np.nonzero(mask)
    points = np.stack([columns - columns.mean(), rows - rows.mean()])
    _, axes = np.linalg.eigh(np.cov(points))
    shares = []
    for axis in axes.T:
        mirrored = 2.0 * np.outer(axis, axis @ points) - points
        x = np.round(mirrored[0] + columns.mean()).astype(int)
        y = np.round(mirrored[1] + rows.mean()).astype(int)
        inside = (x >= 0) & (x < mask.shape[1]) & (y >= 0) & (y < mask.shape[0])
        kept = mask[y[inside], x[inside]].sum()
        shares.append(1.0 - kept / mask.sum())
    return float(np.mean(shares))


def compactness(mask):
    """Perimeter squared over 4 pi area: 1 for a disc."""
    outline, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.arcLength(outline[0], True) ** 2 / (4.0 * np.pi * mask.sum())


def test_the_measure_of_asymmetry_is_small_for_an_ellipse_and_large_for_a_quarter_disc():
    rows, columns = np.mgrid[:101, :101]
    ellipse = ((rows - 50) / 20.0) ** 2 + ((columns - 50) / 40.0) ** 2 <= 1
    quarter = (rows**2 + columns**2 < 90**2) & (columns > rows)
    assert asymmetry(ellipse) < 0.02 < 0.1 < asymmetry(quarter)


def test_melanomas_are_more_asymmetric_than_nevi():
    nevi, melanomas = ([asymmetry(x.mask) for x in lesions(label) if whole(x)] for label in (0, 1))
    assert np.mean(melanomas) > 2.0 * np.mean(nevi)


def test_melanomas_have_the_most_irregular_border():
    nevus, melanoma, keratosis = (np.mean([compactness(x.mask) for x in lesions(k) if whole(x)]) for k in range(3))
    assert melanoma > 1.5 * nevus
    assert melanoma > 1.5 * keratosis


@pytest.mark.parametrize("label", [0, 1, 2])
def test_area_is_between_3_and_60_percent(label):
    fractions = [x.mask.mean() for x in lesions(label, 60)]
    assert 0.03 <= min(fractions) and max(fractions) <= 0.6


def test_some_lesions_touch_the_edge_and_most_do_not():
    touching = np.mean([not whole(x) for label in range(3) for x in lesions(label, 40)])
    assert 0.05 < touching < 0.4


@pytest.mark.parametrize("label", [0, 1, 2])
def test_a_lesion_is_one_part_without_holes(label):
    for lesion in lesions(label, 12):
        assert cv2.connectedComponents(lesion.mask.astype(np.uint8))[0] == 2
        # framed, so that background cut off by an edge of the image is no hole
        framed = np.pad(~lesion.mask, 1, constant_values=True)
        assert cv2.connectedComponents(framed.astype(np.uint8), connectivity=4)[0] == 2


def test_depth_is_positive_inside_only_and_radius_is_that_of_the_disc_of_equal_area():
    for lesion in lesions(1, 6):
        np.testing.assert_array_equal(lesion.depth > 0, lesion.mask)
        assert np.pi * lesion.radius**2 == pytest.approx(lesion.mask.sum())


def test_only_melanomas_have_streaks_and_these_stay_in_the_mask():
    assert not any(x.streaks.any() for label in (0, 2) for x in lesions(label, 8))
    streaked = [x for x in lesions(1) if x.streaks.any()]
    assert 10 < len(streaked) < 30
    assert all(x.streaks[~x.mask].max() == 0 for x in streaked)
