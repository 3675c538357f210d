# SPDX-License-Identifier: Apache-2.0
"""All measurements together: names, units, large images, odd masks and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mt_transunet.measurements import measure_lesion

NAMES = [
    *("area_px", "area_mm2", "diameter_px", "diameter_mm", "longest_px", "longest_mm"),
    *("asymmetry_major", "asymmetry_minor", "asymmetry", "border_irregularity", "solidity"),
    *("colour_variegation", "colours"),
]
IN_MILLIMETRES = {"area_mm2", "diameter_mm", "longest_mm"}


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_two_coloured_disc_reads_as_it_was_made(draw):
    disc = draw(lambda u, v: np.hypot(u, v) <= 60, 70)
    left = draw(lambda u, v: u < 0, 70)
    image = np.where(left[..., None], np.uint8(0), np.full((*disc.shape, 3), 255, np.uint8))
    expected = {"diameter_mm": 6, "longest_mm": 6, "asymmetry": 0, "border_irregularity": 1, "solidity": 1}
    measured = measure_lesion(image, disc, millimetres_per_pixel=0.05)
    assert {name: measured[name] for name in expected} == pytest.approx(expected, abs=0.08)
    assert measured["area_mm2"] == pytest.approx(9 * math.pi, rel=0.005)
    assert measured["colour_variegation"] == pytest.approx(50, abs=0.1) and measured["colours"] == 2


@pytest.mark.parametrize("scale", [None, 0.1])
@pytest.mark.parametrize("pixels", [0, 1, 20])
def test_every_name_is_there_in_the_same_order(scale, pixels):
    mask = np.arange(30).reshape(5, 6) < pixels
    assert list(measure_lesion(noise(5, 6), mask, millimetres_per_pixel=scale)) == NAMES


def test_millimetres_are_unknown_without_a_scale_and_nothing_else_is():
    measured = measure_lesion(noise(5, 6), np.ones((5, 6)))
    assert {name for name, value in measured.items() if value is None} == IN_MILLIMETRES


def test_lengths_take_the_scale_once_and_the_area_twice():
    measured = measure_lesion(noise(30, 40), np.ones((30, 40)), millimetres_per_pixel=0.2)
    assert measured["area_mm2"] == pytest.approx(1200 * 0.04) and measured["longest_mm"] == pytest.approx(10)
    assert measured["diameter_mm"] == pytest.approx(0.2 * math.sqrt(4800 / math.pi))


@pytest.mark.parametrize("scale", [None, 0.1])
def test_an_empty_mask_has_an_area_of_nothing_and_no_other_measurement(scale):
    measured = measure_lesion(noise(5, 6), np.zeros((5, 6)), millimetres_per_pixel=scale)
    known = {name: value for name, value in measured.items() if value is not None}
    assert known == ({"area_px": 0} if scale is None else {"area_px": 0, "area_mm2": 0})


def test_a_lesion_ten_times_as_large_grows_in_pixels_and_keeps_its_form(draw, ell):
    small = draw(ell(80), 140)
    large = small.repeat(10, axis=0).repeat(10, axis=1)
    white = np.full((*large.shape, 3), 255, np.uint8)
    before = measure_lesion(white[: len(small), : len(small)], small)
    after = measure_lesion(white, large)
    assert after["area_px"] == 100 * before["area_px"]
    for length in ("diameter_px", "longest_px"):
        assert after[length] == pytest.approx(10 * before[length])
    for form in ("asymmetry_major", "asymmetry_minor", "solidity"):
        assert after[form] == pytest.approx(before[form], abs=0.001)
    assert after["border_irregularity"] == pytest.approx(before["border_irregularity"], rel=0.02)


def test_the_place_in_the_image_changes_nothing(draw, ell):
    mask = draw(ell(20), 40, angle=33)
    image = noise(*mask.shape)
    around = ((13, 2), (0, 31))
    assert measure_lesion(np.pad(image, (*around, (0, 0))), np.pad(mask, around)) == measure_lesion(image, mask)


@pytest.mark.parametrize("value, kind", [(1, bool), (255, np.uint8), (0.5, np.float32), (-1, np.int64)])
def test_any_value_but_zero_is_inside(value, kind):
    mask = np.zeros((9, 9))
    mask[2:5, 3:9] = 1
    assert measure_lesion(noise(9, 9), (mask * value).astype(kind)) == measure_lesion(noise(9, 9), mask)


@pytest.mark.parametrize(
    "inside",
    [np.s_[4, 7], np.s_[4, :], np.s_[:, 7], np.s_[:, :], np.s_[::4, ::5], (range(9), range(9))],
    ids=["pixel", "row", "column", "full", "dots", "diagonal"],
)
def test_odd_masks_have_finite_measurements_in_their_ranges(inside):
    mask = np.zeros((9, 12), bool)
    mask[inside] = True
    measured = measure_lesion(noise(9, 12), mask, millimetres_per_pixel=0.1)
    assert all(math.isfinite(value) for value in measured.values())
    assert all(0 <= measured[name] <= 1 for name in ("asymmetry_major", "asymmetry_minor", "asymmetry", "solidity"))
    assert measured["longest_px"] >= measured["diameter_px"] > 0 and 1 <= measured["colours"] <= 6


@pytest.mark.parametrize(
    "image, mask, message",
    [
        (np.zeros((4, 5), np.uint8), np.ones((4, 5)), r"image must be \(H, W, 3\) uint8, got \(4, 5\)"),
        (np.zeros((3, 4, 5), np.uint8), np.ones((4, 5)), r"image must be .* got \(3, 4, 5\)"),
        (np.zeros((4, 5, 3)), np.ones((4, 5)), "float64; pass RGB from 0 to 255"),
        (np.zeros((4, 5, 3), np.uint8), np.ones((5, 4)), r"mask must be .* \(4, 5\), got \(5, 4\); resize it"),
        (np.zeros((4, 5, 3), np.uint8), np.ones((4, 5, 1)), r"got \(4, 5, 1\)"),
    ],
)
def test_images_and_masks_of_another_form_are_refused(image, mask, message):
    with pytest.raises(ValueError, match=message):
        measure_lesion(image, mask)


@pytest.mark.parametrize("scale", [0, -0.1, math.nan, math.inf])
def test_impossible_scales_are_refused(scale):
    with pytest.raises(ValueError, match="millimetres_per_pixel must be positive and finite"):
        measure_lesion(noise(5, 6), np.ones((5, 6)), millimetres_per_pixel=scale)
