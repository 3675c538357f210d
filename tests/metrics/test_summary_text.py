# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from mt_transunet.metrics.summary_text import summary_text


def test_where_no_image_has_a_mask_the_log_says_how_to_name_them():
    text = summary_text({"segmentation": {"n": 0, "JA": None}, "classification": {"n": 2}}, {})
    assert "segmentation, n = 0: no image has a mask; a datalist.json can name them" in text
    assert "classification, n = 2\n" in text + "\n"


def test_an_interval_that_no_resample_defines_is_a_dash():
    figure = {"value": 0.5, "low": None, "high": None}
    summary = {"segmentation": {"n": 1, "JA": figure}, "classification": {"n": 0, "mean_AUC": None}}
    text = summary_text(summary, {})
    assert "JA: 0.500 [-, -]" in text and "mean_AUC: -" in text
