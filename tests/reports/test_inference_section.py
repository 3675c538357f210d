# SPDX-License-Identifier: Apache-2.0
"""What is said of each image of an inference run: columns, flags, chips, headline."""

from __future__ import annotations

import json

import pytest

from mt_transunet.quality import FLAGS
from mt_transunet.reports.blocks import Facts, ImageTable, Paragraph
from mt_transunet.reports.inference_section import inference_sections


@pytest.fixture
def described(tmp_path, write_run):
    """Headline and table of a run with these rows."""

    def describe(*rows):
        headline, (section,) = inference_sections(write_run(tmp_path, list(rows)))
        return headline, section.blocks[-1]

    return describe


def headings(table: ImageTable, *, folded: bool) -> list[str]:
    return [column.heading for column in table.columns if column.folded == folded]


def test_what_a_person_needs_is_shown_and_the_rest_folded(described, answer):
    _, table = described(answer("a.jpg", flags="hair"))
    shown = "predicted, melanoma suspected, flags, predicted Dice, nevus, melanoma, seborrheic keratosis".split(", ")
    assert headings(table, folded=False) == [
        *shown,
        *("diameter, px", "asymmetry", "border irregularity", "colour variegation"),
    ]
    assert headings(table, folded=True) == [
        *("agreement", "consistency", "expected", "spread", "class spread", "lesion fraction", "area, px"),
        *("longest, px", "asymmetry major", "asymmetry minor", "solidity", "colours"),
    ]


def test_a_diameter_in_millimetres_goes_before_one_in_pixels(described, answer):
    _, table = described(answer("a.jpg", diameter_mm=5.2, area_mm2=21.2))
    assert "diameter, mm" in headings(table, folded=False)
    assert {"diameter, px", "area, mm²"} <= set(headings(table, folded=True))


def test_pixels_stay_beside_millimetres_that_only_some_images_know(described, answer):
    _, table = described(answer("a.dcm", diameter_mm=5.2), answer("b.jpg"))
    assert {"diameter, mm", "diameter, px"} <= set(headings(table, folded=False))


def test_an_older_file_shows_what_it_has(described):
    headline, table = described({"image": "a.jpg", "status": "ok", "melanoma": 0.5})
    assert headings(table, folded=False) == ["melanoma"] and headings(table, folded=True) == []
    assert headline == {"Images": 1, "Could not be read": 0}
    assert table.chips() == {} and list(table.legend) == ["Columns"]


def test_the_headline_counts_what_needs_attention(described, answer):
    headline, _ = described(
        answer("a.jpg", flags="hair", melanoma_suspected=True),
        answer("b.jpg", flags="hair; dark_corners"),
        {"image": "c.jpg", "status": "truncated"},
    )
    assert headline == {"Images": 3, "Could not be read": 1, "Flagged": 2, "Melanoma suspected": 1}


def test_a_run_that_cannot_suspect_melanoma_does_not_say_none(described, answer):
    headline, table = described(answer("a.jpg", melanoma_suspected=""))
    assert "Melanoma suspected" not in headline and "melanoma suspected" not in headings(table, folded=False)


@pytest.mark.parametrize(("suspected", "said"), [("", True), (False, False)])
def test_the_page_says_when_nobody_measured_what_to_suspect(tmp_path, write_run, answer, suspected, said):
    (section,) = inference_sections(write_run(tmp_path, [answer("a.jpg", melanoma_suspected=suspected)]))[1]
    texts = [block.text for block in section.blocks if isinstance(block, Paragraph)]
    assert any("no flag does not mean that it was checked" in text for text in texts) is said


def test_the_page_says_what_made_it_and_from_which_probability_on_melanoma_is_suspected(tmp_path, described, answer):
    settings = {"weights": "lite.pt", "weights_sha256": "6974", "sizes": [192], "melanoma_threshold": 0.137449}
    (tmp_path / "predictions.json").write_text(json.dumps({"settings": settings, "images": []}))
    headline, table = described(answer("a.jpg", melanoma_suspected=True))
    assert headline["Melanoma suspected (from 0.137)"] == 1
    assert "of melanoma reaches 0.137, the value at which" in table.legend["Columns"]["melanoma suspected"]
    (section,) = inference_sections(tmp_path)[1]
    (facts,) = [block for block in section.blocks if isinstance(block, Facts)]
    assert (facts.caption, facts.folded) == ("Settings", True)
    assert list(facts.items) == ["weights", "weights sha256", "sizes", "melanoma threshold"]


@pytest.mark.parametrize("content", ["", "[]", '{"settings": null}'])
def test_a_page_without_settings_is_one_of_answers_alone(tmp_path, described, answer, content):
    (tmp_path / "predictions.json").write_text(content)
    headline, table = described(answer("a.jpg", melanoma_suspected=True))
    assert headline["Melanoma suspected"] == 1
    assert "of melanoma reaches the value at which" in table.legend["Columns"]["melanoma suspected"]


def test_flags_stand_in_words_and_unknown_ones_as_they_are(described, answer):
    _, table = described(answer("a.jpg", flags="touches_border; seen_upside_down"))
    assert table.rows[0].cells["flags"] == ["touches border", "seen_upside_down"]


def test_the_legend_says_all_flags_even_when_none_was_raised(described, answer):
    _, table = described(answer("a.jpg"))
    assert list(table.legend["Flags"].values()) == list(FLAGS.values())


def test_chips_count_flags_classes_and_suspicions(described, answer):
    _, table = described(
        answer("a.jpg", flags="odd; hair", predicted="melanoma", melanoma_suspected=True),
        answer("b.jpg", flags="hair; no_lesion"),
        answer("c.jpg", predicted="seborrheic_keratosis"),
        {"image": "d.jpg", "status": "truncated"},
    )
    assert {group: list(chips.items()) for group, chips in table.chips().items()} == {
        "Flags": [("no lesion", 1), ("hair", 2), ("odd", 1), ("no flag", 1), ("could not be read", 1)],
        "Called": [("nevus", 1), ("melanoma", 1), ("seborrheic keratosis", 1)],
        "Screening": [("melanoma suspected", 1)],
    }


def test_unread_images_come_first_with_the_reason_and_nothing_else(described, answer):
    _, table = described(answer("x/b.jpg"), {"image": "x/a.jpg", "status": "truncated"}, answer("x/0.jpg"))
    assert [row.name for row in table.rows] == ["a.jpg", "b.jpg", "0.jpg"]
    assert [row.problem for row in table.rows] == ["could not be read: truncated", "", ""]


def test_an_overlay_is_shown_before_a_mask_and_nothing_from_outside_the_run(tmp_path, described, answer):
    (tmp_path / "a_mask.png").write_bytes(b"")
    _, table = described(
        answer("a.jpg", mask="a_mask.png", overlay="a_overlay.jpg"),
        answer("b.jpg", mask="a_mask.png"),
        answer("c.jpg", mask="../secret.png", overlay=""),
    )
    assert [(row.picture and row.picture.name, row.panel) for row in table.rows] == [
        ("a_overlay.jpg", True),
        ("a_mask.png", False),
        (None, False),
    ]
