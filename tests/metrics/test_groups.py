# SPDX-License-Identifier: Apache-2.0
"""Figures of images of which several are of one patient or lesion."""

from __future__ import annotations

import pytest

from mt_transunet.metrics import summarise

SCORES = ("JA", "DI", "AC", "SE", "SP")


def row(name, *, scores=(0.8,) * 5, label=0, probabilities=(0.6, 0.3, 0.1)):
    figures = dict(zip(SCORES, scores)) | dict(zip(("nevus", "melanoma", "seborrheic_keratosis"), probabilities))
    return {"image_id": name, "label": label, **figures}


def test_images_of_one_group_are_drawn_together_and_their_proportions_are_no_longer_exact():
    # of two patients, all ten images of one are right and all ten of the other wrong
    rows = [
        row(f"i{i:02}", label=1, probabilities=(0.1, 0.8, 0.1) if i < 10 else (0.8, 0.1, 0.1)) | {"group": str(i // 10)}
        for i in range(20)
    ]
    grouped, alone = summarise(rows), summarise([{**entry, "group": None} for entry in rows])
    assert grouped["classification"]["melanoma"]["SE"] == {"value": 0.5, "low": 0.0, "high": 1.0}
    assert alone["classification"]["melanoma"]["SE"]["low"] == pytest.approx(0.272, abs=5e-4)  # exact, 10 of 20
    assert grouped["groups"] == 2 and "groups" not in alone


def test_of_images_that_are_all_right_the_interval_is_the_exact_one_of_their_groups():
    # twenty images of four patients: 1 - 0.025 ** (1 / 4) of the melanomas may be missed
    rows = [row(f"i{i:02}", label=1, probabilities=(0.1, 0.8, 0.1)) | {"group": str(i % 4)} for i in range(20)]
    figure = summarise([*rows, row("nevus")])["classification"]["melanoma"]["SE"]
    assert figure == {"value": 1.0, "low": pytest.approx(0.025 ** (1 / 4)), "high": 1.0}


def test_a_proportion_of_images_of_different_groups_keeps_its_exact_interval():
    nevi = [row(f"n{i}") | {"group": "one"} for i in range(4)]
    melanomas = [row(f"m{i}", label=1, probabilities=(0.1, 0.8, 0.1)) for i in range(10)]
    assert summarise([*nevi, *melanomas], resamples=20)["classification"]["melanoma"]["SE"]["low"] == pytest.approx(
        0.025 ** (1 / 10)
    )


def test_means_of_masks_are_bootstrapped_over_groups():
    rows = [row(f"i{i:02}", scores=(float(i // 10),) * 5, label=None) | {"group": str(i // 10)} for i in range(20)]
    assert summarise(rows)["segmentation"]["JA"] == {"value": 0.5, "low": 0.0, "high": 1.0}


def test_chance_draws_the_images_of_a_group_together():
    rows = [row(f"i{i:03}", probabilities=(0.6, 0.3, 0.1) if i % 2 else (0.6, 0.1, 0.3)) for i in range(200)]
    alone, grouped = (
        summarise([entry | {"group": group(i)} for i, entry in enumerate(rows)])["calibration"]["ECE_perfect_mean"]
        for group in (lambda i: None, lambda i: str(i // 20))
    )
    # mean |share right - 0.6| of 200 coins, and of 10: larger by the root of 20
    assert grouped / alone == pytest.approx(20**0.5, rel=0.1)


def test_images_without_a_group_are_groups_of_their_own():
    rows = [row("a") | {"group": "b"}, row("b"), row("c") | {"group": "b"}]
    assert summarise(rows, resamples=5)["groups"] == 2
