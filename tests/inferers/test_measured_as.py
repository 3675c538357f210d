# SPDX-License-Identifier: Apache-2.0
"""For which views and options the figures of a record hold."""

from __future__ import annotations

import pytest

from mt_transunet.inferers import READ_AS, measured_as, view_symmetries


@pytest.mark.parametrize(
    "preset, symmetries, sizes, expected",
    [
        ("fast", view_symmetries("fast"), [192], "fast"),
        ("paper", view_symmetries("paper"), [160, 192], "paper"),
        ("paper", view_symmetries("paper"), [192], "custom"),
        ("fast", ["identity"], [192], "custom"),
        ("fast", view_symmetries("fast"), [256], "custom"),
    ],
)
def test_figures_of_a_preset_hold_for_its_own_views_only(preset, symmetries, sizes, expected):
    trained = {"image_size": 192, "view_sizes": [160, 192]}
    assert measured_as(preset, symmetries, sizes, trained) == expected


def test_weights_of_which_nothing_is_known_have_no_figures():
    assert measured_as("none", ["identity"], [192], {}) == "custom"


def test_figures_do_not_hold_for_other_options():
    trained = {"image_size": 192}
    assert measured_as("none", ["identity"], [192], trained) == "none"
    assert measured_as("none", ["identity"], [192], trained, {**READ_AS, "decision": "half"}) == "custom"
