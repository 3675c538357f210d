# SPDX-License-Identifier: Apache-2.0
"""The accuracy identity on hand numbers and on the paper's printed rows (Tables 4 and 6)."""

from __future__ import annotations

import pytest

from mt_transunet.metrics import check_classification, check_identity, implied_accuracy

TEST_IMAGES = 600  # ISIC-2017 test: 393 nevi, 117 melanomas, 90 seborrheic keratoses
MELANOMAS, KERATOSES = 117, 90


def test_implied_accuracy_weighs_by_the_cases():
    # 3 of 4 cases and 3 of 6 others right
    assert implied_accuracy(3 / 4, 3 / 6, positives=4, total=10) == pytest.approx(6 / 10)


def test_a_rate_over_no_cases_does_not_count():
    assert implied_accuracy(float("nan"), 0.9, positives=0, total=10) == pytest.approx(0.9)
    assert implied_accuracy(0.9, float("nan"), positives=10, total=10) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("row", "positives", "implied"),
    [
        ((89.0, 69.3, 91.2), MELANOMAS, 86.9),
        ((93.0, 92.8, 96.3), KERATOSES, 95.8),
        ((89.2, 68.0, 92.3), MELANOMAS, 87.6),
        ((93.2, 77.6, 97.6), KERATOSES, 94.6),
    ],
    ids=["melanoma", "keratosis", "melanoma, ensemble", "keratosis, ensemble"],
)
def test_printed_rows_of_the_paper_contradict_themselves(row, positives, implied):
    assert implied_accuracy(*row[1:], positives=positives, total=TEST_IMAGES) == pytest.approx(implied, abs=0.05)
    with pytest.raises(ValueError, match=rf"got {row[0]:.4g} where [0-9.]+ is implied"):
        check_identity(*row, positives=positives, total=TEST_IMAGES, tolerance=0.1)


@pytest.mark.parametrize(
    ("row", "positives"),
    [((86.7, 70.1, 90.7), MELANOMAS), ((92.3, 83.3, 93.9), KERATOSES), ((85.0, 65.8, 89.6), MELANOMAS)],
    ids=["MB-DCNN melanoma", "MB-DCNN keratosis", "ARL-CNN melanoma"],
)
def test_printed_rows_of_its_rivals_agree_to_their_last_digit(row, positives):
    assert check_identity(*row, positives=positives, total=TEST_IMAGES, tolerance=0.1) == pytest.approx(row[0], abs=0.1)


def test_direct_ph2_row_of_the_paper_agrees():
    check_identity(95.0, 82.5, 98.1, positives=40, total=200, tolerance=0.1)


def test_a_block_is_checked_class_by_class():
    def figures(accuracy, sensitivity, specificity):
        return dict(zip(("ACC", "SE", "SP"), ({"value": value} for value in (accuracy, sensitivity, specificity))))

    block = {"n": 10, "melanoma": figures(0.6, 0.75, 0.5), "seborrheic_keratosis": figures(0.9, 0.5, 0.5)}
    check_classification(block, {"melanoma": 4})
    with pytest.raises(ValueError, match="got 0.9 where 0.5"):
        check_classification(block, {"melanoma": 4, "seborrheic_keratosis": 5})


def test_a_block_without_class_figures_is_passed_over():
    check_classification({"n": 5, "melanoma": {"ACC": None, "SE": None, "SP": None}}, {"melanoma": 2})


@pytest.mark.parametrize(("positives", "total"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(positives, total):
    with pytest.raises(ValueError, match="count the images again"):
        implied_accuracy(0.5, 0.5, positives=positives, total=total)
