# SPDX-License-Identifier: Apache-2.0
"""The picture of one image: sizes, colours where they belong, odd input."""

from __future__ import annotations

import numpy as np
import pytest

from mt_transunet.reports.figures import PREDICTION_COLOUR, TRUTH_COLOUR, overlay_panel

HEIGHT, WIDTH = 240, 320


def toy(height=HEIGHT, width=WIDTH):
    """A grey image whose left half is lesion, with level set and attention to match."""
    image = np.full((height, width, 3), 128, np.uint8)
    probability = np.zeros((height, width), np.float32)
    probability[:, : width // 2] = 0.9
    level_set = np.where(probability > 0.5, -0.5, 0.5).astype(np.float32)
    attention = np.array([[0.9, 0.1], [0.9, 0.1]], np.float32) / 2
    return image, probability, level_set, attention


def share(picture, colour):
    """Share of pixels of exactly this colour."""
    return (picture == np.array(colour)).all(axis=2).mean()


def panels(picture, width):
    """The three panels of a picture without a title."""
    return [picture[12 : 12 + HEIGHT, 12 + i * (width + 12) :][:, :width] for i in range(3)]


def test_border_is_drawn_where_the_probability_crosses_one_half():
    photograph, _, _ = panels(overlay_panel(*toy()), WIDTH)
    columns = np.flatnonzero((photograph[HEIGHT // 2] == PREDICTION_COLOUR).all(axis=1))
    # The left half touches the frame of the picture, where its outline closes.
    assert set(columns[columns > 20]) and abs(columns.max() - (WIDTH // 2 - 1)) <= 1


def test_mask_replaces_the_probability():
    nothing = overlay_panel(*toy(), mask=np.zeros((HEIGHT, WIDTH)))
    photograph, _, _ = panels(nothing, WIDTH)
    assert share(photograph, PREDICTION_COLOUR) == 0


def test_given_border_is_drawn_only_when_given():
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    truth[60:180, 200:300] = 255
    without, _, _ = panels(overlay_panel(*toy()), WIDTH)
    with_truth, _, _ = panels(overlay_panel(*toy(), truth=truth), WIDTH)
    assert share(without, TRUTH_COLOUR) == 0 < share(with_truth, TRUTH_COLOUR)


def test_a_fourth_panel_is_bright_where_the_views_differ():
    spread = np.zeros((HEIGHT, WIDTH), np.float32)
    spread[:, : WIDTH // 2] = 0.4
    picture = overlay_panel(*toy(), spread=spread)
    assert picture.shape[1] - overlay_panel(*toy()).shape[1] == WIDTH + 12
    fourth = picture[12 : 12 + HEIGHT, 12 + 3 * (WIDTH + 12) :][:, :WIDTH]
    assert fourth[HEIGHT // 2, WIDTH // 4].min() > 180 and fourth[HEIGHT // 2, 3 * WIDTH // 4].max() < 10


def test_panels_in_two_columns_are_those_of_one_row():
    spread = np.linspace(0, 0.4, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
    row, grid = (overlay_panel(*toy(), spread=spread, columns=columns) for columns in (None, 2))
    cell, line = WIDTH + 12, HEIGHT + 30
    assert grid.shape == (12 + 2 * line, 12 + 2 * cell, 3)
    for index in range(4):
        below, beside = divmod(index, 2)
        panel = grid[12 + below * line :, 12 + beside * cell :][:HEIGHT, :WIDTH]
        assert (panel == row[12:, 12 + index * cell :][:HEIGHT, :WIDTH]).all(), index


def test_level_set_is_red_inside_and_blue_outside():
    _, _, levels = panels(overlay_panel(*toy()), WIDTH)
    inside, outside = levels[HEIGHT // 2, WIDTH // 4], levels[HEIGHT // 2, 3 * WIDTH // 4]
    assert inside[0] > 200 and inside[2] < 100  # anchor at -0.5: (214, 96, 77)
    assert outside[2] > 180 and outside[0] < 80  # anchor at 0.5: (67, 147, 195)


def test_attention_is_brightest_where_its_weight_is():
    _, heat, _ = panels(overlay_panel(*toy()), WIDTH)
    assert heat[:, : WIDTH // 4].mean() > heat[:, 3 * WIDTH // 4 :].mean() + 30


def test_uniform_attention_is_shown_as_none():
    image, probability, level_set, _ = toy()
    _, heat, _ = panels(overlay_panel(image, probability, level_set, np.full((3, 4), 1 / 12)), WIDTH)
    assert np.ptp(heat.reshape(-1, 3), axis=0).max() == 0


@pytest.mark.parametrize(
    ("size", "panel"),
    [((1, 1), (224, 224)), ((900, 60), (512, 34)), ((20, 900), (11, 512)), ((1500, 2000), (384, 512))],
)
def test_any_size_gives_panels_of_its_aspect_capped_at_the_long_side(size, panel):
    picture = overlay_panel(*toy(*size), title="a title of any length " * 20)
    cell = max(panel[1], 176)
    assert picture.dtype == np.uint8
    assert picture.shape[1] == 3 * (cell + 12) + 12
    assert panel[0] < picture.shape[0] < panel[0] + 100


def test_narrow_panels_stack_their_captions():
    truth = np.ones((400, 40))
    assert overlay_panel(*toy(400, 40), truth=truth).shape[0] == overlay_panel(*toy(400, 40)).shape[0] + 22


def test_nan_in_the_maps_is_survived():
    image, probability, level_set, attention = toy()
    level_set[0] = attention[0] = np.nan
    assert overlay_panel(image, probability, level_set, attention).shape[2] == 3


def test_input_is_left_as_it_was():
    before = toy()
    after = tuple(part.copy() for part in before)
    overlay_panel(*after)
    assert all(np.array_equal(one, other) for one, other in zip(before, after))


def test_a_map_of_another_size_is_refused_by_name():
    image, probability, level_set, attention = toy()
    with pytest.raises(ValueError, match=r"level_set must have the size of the image, got \(320, 240\)"):
        overlay_panel(image, probability, level_set.T, attention)


@pytest.mark.parametrize("image", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)])
def test_anything_but_an_rgb_image_is_refused(image):
    with pytest.raises(ValueError, match="image must be"):
        overlay_panel(image, *toy()[1:])
