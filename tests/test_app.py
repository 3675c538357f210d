# SPDX-License-Identifier: Apache-2.0
"""What the app's page is given to show; gradio itself is not needed for that."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mt_transunet.analysis import Analysis
from mt_transunet.app import answer, write_examples
from mt_transunet.quality import FLAGS

ROW = {
    **{"nevus": 0.2, "melanoma": 0.7, "seborrheic_keratosis": 0.1, "melanoma_suspected": True, "flags": ["hair"]},
    **{"longest_px": 162.3, "area_px": 15169.0, "lesion_fraction": 0.137, "asymmetry": 0.088, "colours": 2},
    **{"border_irregularity": 1.14, "colour_variegation": 9.887, "predicted_dice": None},
    **{"agreement": 0.996, "consistency": 0.995},
}


def analysed(row):
    """An analyser that finds the left half of every picture."""

    def analyse(picture):
        height, width = picture.shape[:2]
        mask = np.zeros((height, width), bool)
        mask[:, : width // 2] = True
        plane = mask.astype(np.float32)
        return Analysis(picture, mask, plane, 0.5 - plane, 0.1 * plane, np.full((2, 3), 1 / 6), row)

    return analyse


@pytest.fixture
def picture():
    return np.full((40, 60, 3), 128, np.uint8)


def test_no_picture_empties_the_page():
    assert answer(analysed(ROW), None) == (None, None, None, "", [])


def test_the_mask_is_a_picture_of_the_size_of_the_image(picture):
    _, mask, *_ = answer(analysed(ROW), picture)
    assert mask.shape == (40, 60) and mask[0, 0] == 255 and mask[0, 59] == 0


def test_all_four_panels_are_drawn(picture):
    panel, *_ = answer(analysed(ROW), picture)
    assert panel.dtype == np.uint8 and panel.shape[1] > 4 * 176  # the narrowest a panel gets


def test_probabilities_have_words_for_names(picture):
    assert answer(analysed(ROW), picture)[2] == {"nevus": 0.2, "melanoma": 0.7, "seborrheic keratosis": 0.1}


def test_flags_and_suspicion_come_with_what_they_mean(picture):
    advice = answer(analysed(ROW), picture)[3]
    assert FLAGS["hair"] in advice and "melanoma suspected" in advice


def test_no_flag_is_no_promise(picture):
    advice = answer(analysed({**ROW, "flags": [], "melanoma_suspected": None}), picture)[3]
    assert advice == "No flag was raised. That is no guarantee."


def test_measurements_are_short_numbers_and_the_unknown_is_said(picture):
    table = dict(answer(analysed(ROW), picture)[4])
    assert table["area, pixels"] == "15169" and table["asymmetry (0 symmetric, 1 none)"] == "0.088"
    assert table["colours of the ABCD rule (of 6)"] == "2" and table["Dice to expect of the mask"] == "not known"


def test_examples_are_readable_images(tmp_path):
    paths = write_examples(tmp_path, count=1)
    assert [Image.open(path).mode for path in paths] == ["RGB"]
