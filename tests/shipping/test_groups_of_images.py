# SPDX-License-Identifier: Apache-2.0
"""Several photographs of one patient say no more than one."""

from __future__ import annotations

import numpy as np
import pytest

from mt_transunet import CLASS_NAMES
from mt_transunet.shipping.calibration import cross_fitted_calibration
from mt_transunet.shipping.own_weights import FEWEST_LABELLED, _temperature
from mt_transunet.shipping.record import FEWEST_MELANOMAS, operating_points


def rows(labels, groups):
    chances = np.random.default_rng(0).dirichlet([1, 1, 1], len(labels))
    return [
        {"image_id": str(place), "label": label, "group": group, **dict(zip(CLASS_NAMES, map(float, chance)))}
        for place, (label, group, chance) in enumerate(zip(labels, groups, chances))
    ]


def test_images_of_one_group_are_never_on_two_sides_of_a_fit():
    # every image twice: were its copy fitted to, it would be judged by an answer that it knows
    probabilities = np.random.default_rng(1).dirichlet([1, 1, 1], 10)
    labels = np.arange(10) % 3
    once = cross_fitted_calibration(probabilities, labels)
    groups = [f"patient {number}" for number in np.repeat(np.arange(10), 2)]
    twice = cross_fitted_calibration(probabilities.repeat(2, axis=0), labels.repeat(2), groups)
    assert twice["log_loss"] == pytest.approx(once["log_loss"], rel=1e-4)


@pytest.mark.parametrize("patients, has_threshold", [(1, False), (FEWEST_MELANOMAS, True)])
def test_a_threshold_needs_melanomas_of_enough_patients(patients, has_threshold):
    melanomas = rows([1] * 20, [str(place % patients) for place in range(20)])
    nevi = [{**row, "label": 0, "group": None} for row in rows([0] * 20, [None] * 20)]
    (points,) = operating_points({"fast": [*melanomas, *nevi]}).values()
    assert bool(points) is has_threshold


def test_a_temperature_needs_diagnoses_of_enough_patients(caplog):
    labels = [place % 3 for place in range(2 * FEWEST_LABELLED)]
    assert _temperature(rows(labels, [str(place % 5) for place in range(len(labels))])) is None
    assert f"{len(labels)} images with a diagnosis of 5 groups" in caplog.text
