# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from mt_transunet import CLASS_NAMES
from mt_transunet.atomic import write_csv
from mt_transunet.metrics import paired_difference
from mt_transunet.reports.comparison import Evaluated, protocol_differences, read_evaluated, write_comparison
from mt_transunet.reports.comparison_plot import comparison_plot
from mt_transunet.reports.evaluation_section import overlay_name

# image -> Jaccard index in A and in B, diagnosis, probability of melanoma in A and in B (the rest is nevus)
IMAGES = {
    "better": (0.5, 0.75, 1, 0.25, 0.75),
    "worse": (0.75, 0.25, 0, 0.25, 0.75),
    "same": (0.5, 0.5, 0, 0.125, 0.25),
}


@pytest.fixture
def evaluations(tmp_path):
    """The folders A and B; images that differ have overlays in both, of 'worse' alone in A."""
    for side, name in enumerate("AB"):
        rows = []
        for image_id, figures in IMAGES.items():
            chance = figures[3 + side]
            shared = {"DI": 0.5, "AC": 0.5, "SE": 0.5, "SP": 0.5, "label": figures[2]}
            chances = dict(zip(CLASS_NAMES, (1 - chance, chance, 0.0)))
            rows.append({"image_id": image_id, "JA": figures[side], **shared, **chances})
        write_csv(tmp_path / name / "per_image.csv", rows)
        Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(tmp_path / name / "better_overlay.jpg")
    Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(tmp_path / "A" / "worse_overlay.jpg")
    return read_evaluated(tmp_path / "A"), read_evaluated(tmp_path / "B")


@pytest.fixture
def page(evaluations, tmp_path):
    a, b = evaluations
    path = write_comparison(tmp_path / "page.html", a, b, paired_difference(a.rows, b.rows))
    html = path.read_text(encoding="utf-8")
    body = re.sub(r"(?s)<style>.*?</style>|<script>.*?</script>", "", html)
    return html, re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", body))


def test_figures_stand_side_by_side_with_what_b_gains(page):
    # means of 0.5, 0.75, 0.5 and 0.75, 0.25, 0.5
    assert "JA 0.583 0.500 -0.083 [" in page[1]


def test_masks_are_listed_by_how_much_they_changed_and_unchanged_ones_are_not(page):
    text = page[1]
    assert "Masks that are better in B image diagnosis JA, A JA, B B - A better melanoma 0.500 0.750 0.250" in text
    assert "Masks that are worse in B image diagnosis JA, A JA, B B - A worse nevus 0.750 0.250 -0.500" in text
    assert "same" not in text


def test_overlays_are_shown_where_both_sides_have_one(page):
    text = page[1]
    assert "A: better, JA 0.500" in text and "B: better, JA 0.750" in text and "A: worse" not in text


def test_diagnoses_that_are_right_in_one_alone_are_listed(page):
    text = page[1]
    assert "1 right in B alone, 1 in A alone" in text
    assert "better melanoma nevus 0.75 melanoma 0.75 B" in text and "worse nevus nevus 0.75 melanoma 0.75 A" in text


def drawn_points(svg):
    """What matplotlib draws as a use of a point's path: one for each image, and one for each class in the legend."""
    return sum(found.count("<use ") for found in re.findall(r'(?s)<g id="PathCollection_\d+">(.*?)</g>', svg.decode()))


def test_every_image_is_a_point_and_every_class_has_its_colour(evaluations):
    pairs = list(zip(evaluations[0].rows, evaluations[1].rows))
    assert drawn_points(comparison_plot(pairs, "JA", "Jaccard index")) == 3 + 2
    assert drawn_points(comparison_plot(pairs[:1], "JA", "Jaccard index")) == 1 + 1


def test_a_figure_that_no_image_has_makes_no_plot(evaluations):
    pairs = list(zip(evaluations[0].rows, evaluations[1].rows))
    assert comparison_plot(pairs, "absent", "") is None


def test_the_same_weights_elsewhere_are_no_difference(evaluations):
    a, b = (
        one._replace(protocol={"weights": name, "weights_sha256": "f" * 64, "views": name})
        for name, one in zip("ab", evaluations)
    )
    assert protocol_differences(a, b) == {"views": ("'a'", "'b'")}


def test_other_weights_are_told_by_their_path(evaluations):
    a, b = (one._replace(protocol={"weights": name, "weights_sha256": name}) for name, one in zip("ab", evaluations))
    assert protocol_differences(a, b) == {"weights": ("'a'", "'b'")}


def test_the_picture_of_an_image_whose_id_is_a_path_is_found(tmp_path):
    image_ids = ("P1/x", "/elsewhere/x", "x")
    evaluated = Evaluated(tmp_path, [{"image_id": image_id} for image_id in image_ids], {})
    for image_id in image_ids[:2]:
        picture = tmp_path / overlay_name(image_id)
        picture.parent.mkdir(exist_ok=True)
        picture.write_bytes(b"")
    assert evaluated.overlays() == {image_id: tmp_path / overlay_name(image_id) for image_id in image_ids[:2]}
