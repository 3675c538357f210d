# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from mt_transunet.shipping.calibration import held_out_calibration


def test_the_temperature_of_overconfident_held_out_answers_is_found(tmp_path, write_evaluation, overconfident):
    folds = [write_evaluation(tmp_path / f"fold{k}", *overconfident(1000, k)) for k in range(2)]
    found = held_out_calibration(folds)
    assert found["n"] == 2000
    assert found["temperature"] == pytest.approx(3.0, rel=0.1)
    for judged in (found, found["at_temperature"]):
        assert judged["ECE"] < 0.5 * found["ECE_before"]
        assert 0 < judged["ECE_perfect_mean"] < judged["ECE_perfect_95"]


def test_no_image_is_judged_at_a_temperature_it_helped_to_fit(tmp_path, write_evaluation):
    # five images, one a part: a temperature fitted on all five would know that one of them is wrong
    probabilities = np.array([[0.9, 0.05, 0.05]] * 4 + [[0.9, 0.05, 0.05]])
    labels = np.array([0, 0, 0, 0, 1])
    found = held_out_calibration([write_evaluation(tmp_path / "fold", probabilities, labels)])
    # the last image alone is judged by four that were all right, hence with full confidence, and is wrong
    assert found["ECE"] > 0.19
