# SPDX-License-Identifier: Apache-2.0
"""The sections of an evaluation: which images they show, and where the pictures are found."""

from __future__ import annotations

import json

import pytest

from mt_transunet.atomic import write_csv
from mt_transunet.reports.blocks import Gallery, Table
from mt_transunet.reports.evaluation_section import evaluation_sections, overlay_name


@pytest.fixture
def evaluated(tmp_path):
    """Write the rows of an evaluation and the pictures named, and return its sections by heading."""

    def evaluate(rows, pictures=()):
        write_csv(tmp_path / "per_image.csv", rows)
        (tmp_path / "metrics.json").write_text(json.dumps({"segmentation": {"n": len(rows), "JA": None}}))
        for name in pictures:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return {section.heading: section.blocks for section in evaluation_sections(tmp_path)[1]}

    return evaluate


def test_the_page_says_what_the_intervals_are_over(evaluated, tmp_path):
    assert "interval over images," in evaluated([{"image_id": "a"}])["Evaluation"][0].text
    (tmp_path / "metrics.json").write_text(json.dumps({"groups": 7}))
    told = evaluation_sections(tmp_path)[1][0].blocks[0].text
    assert "interval over 7 groups of images (patients, lesions)," in told


def figures(blocks):
    return [figure for block in blocks if isinstance(block, Gallery) for figure in block.figures]


def shown(sections, folder):
    """Picture, relative to the folder, of each image that has one, the worst image first."""
    drawn = figures(sections["Lowest Jaccard index"]) + figures(sections.get("Highest Jaccard index", []))
    return {figure.caption.split()[0]: figure.source.relative_to(folder).as_posix() for figure in drawn}


def bare(blocks):
    return [row["image_id"] for block in blocks if isinstance(block, Table) for row in block.rows]


def test_the_worst_and_the_best_images_are_shown_once_each(evaluated):
    sections = evaluated([{"image_id": f"toy_{i}", "JA": 0.5 + i / 10} for i in range(5)])
    assert bare(sections["Lowest Jaccard index"]) == ["toy_0", "toy_1"]
    assert bare(sections["Highest Jaccard index"]) == ["toy_4", "toy_3"]


def test_a_single_image_is_shown_once(evaluated):
    sections = evaluated([{"image_id": "toy", "JA": 0.5}])
    assert list(sections) == ["Evaluation", "Lowest Jaccard index"]


def test_a_caption_tells_figures_diagnosis_and_answer(evaluated):
    chances = {"nevus": 0.2, "melanoma": 0.5, "seborrheic_keratosis": 0.3}
    sections = evaluated([{"image_id": "a", "JA": 0.5, "DI": 0.6, "label": 0, **chances}], ["a_overlay.jpg"])
    answered = "answered: melanoma 0.50, seborrheic keratosis 0.30, nevus 0.20"
    assert (
        figures(sections["Lowest Jaccard index"])[0].caption == f"a · JA 0.500 · DI 0.600 · given: nevus · {answered}"
    )


def test_captions_leave_out_what_is_not_known(evaluated):
    sections = evaluated([{"image_id": "a", "JA": 0.0, "label": -1}], ["a_overlay.jpg"])
    assert figures(sections["Lowest Jaccard index"])[0].caption == "a · JA 0.000"


def test_without_images_there_are_figures_only(evaluated, tmp_path):
    evaluated([{"image_id": "a", "JA": 0.5}])
    (tmp_path / "per_image.csv").unlink()
    assert [section.heading for section in evaluation_sections(tmp_path)[1]] == ["Evaluation"]


def test_for_class_only_there_is_no_segmentation_table(evaluated, tmp_path):
    evaluated([{"image_id": "a", "label": 1, "melanoma": 0.5}])
    (tmp_path / "metrics.json").write_text(json.dumps({"segmentation": {"n": 0, "JA": None}}))
    headline, sections = evaluation_sections(tmp_path)
    assert headline == {} and len(sections) == 1
    assert not any(isinstance(block, Table) for block in sections[0].blocks)


def test_an_id_with_a_folder_in_it_has_its_picture_there(evaluated, tmp_path):
    sections = evaluated([{"image_id": "P1/x", "JA": 0.5}], ["P1/x_overlay.jpg"])
    assert shown(sections, tmp_path) == {"P1/x": "P1/x_overlay.jpg"}


def test_pictures_of_a_cross_validation_lie_with_the_folds(evaluated, tmp_path):
    pictures = ["folds/0/evaluation/a_overlay.jpg", "folds/1/evaluation/P1/x_overlay.jpg"]
    sections = evaluated([{"image_id": "a", "JA": 0.5}, {"image_id": "P1/x", "JA": 0.6}], pictures)
    assert shown(sections, tmp_path) == {"a": pictures[0], "P1/x": pictures[1]}


def test_the_picture_of_an_id_is_none_of_another_that_it_ends_with(evaluated, tmp_path):
    sections = evaluated([{"image_id": "P1/x", "JA": 0.5}, {"image_id": "x", "JA": 0.6}], ["P1/x_overlay.jpg"])
    assert shown(sections, tmp_path) == {"P1/x": "P1/x_overlay.jpg"}
    assert bare(sections["Highest Jaccard index"]) == ["x"]


def test_a_picture_under_its_very_name_goes_before_one_further_down(evaluated, tmp_path):
    sections = evaluated([{"image_id": "x", "JA": 0.5}], ["inference/x_overlay.jpg", "x_overlay.jpg"])
    assert shown(sections, tmp_path) == {"x": "x_overlay.jpg"}


@pytest.mark.parametrize("image_id", ["ISIC_7", "P1/x", "L\N{LATIN SMALL LETTER A WITH DIAERESIS}sion 1", ".."])
def test_the_name_of_a_picture_is_the_id(image_id):
    assert overlay_name(image_id) == f"{image_id}_overlay.jpg"


# the first eight digits of the SHA-256 of the id
@pytest.mark.parametrize(
    "image_id, digest", [("/data/a", "46d2cd93"), ("../a", "61b4c98b"), ("P1/../../a", "9a681632")]
)
def test_an_id_that_leads_out_of_the_folder_gives_a_name_inside(image_id, digest):
    assert overlay_name(image_id) == f"a.{digest}_overlay.jpg"
