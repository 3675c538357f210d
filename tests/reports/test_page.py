# SPDX-License-Identifier: Apache-2.0
"""One self-contained page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from mt_transunet.reports import Facts, Figure, Gallery, Paragraph, Section, Table, write_page
from mt_transunet.reports.blocks import Column, ImageRow, ImageTable
from mt_transunet.reports.page import shown

PIXELS = np.zeros((4, 6), np.uint8)


def page(tmp_path, *blocks, facts=None, title="Title"):
    path = write_page(tmp_path / "page.html", title=title, facts=facts or {}, sections=[Section("Part", blocks)])
    return path.read_text(encoding="utf-8")


def cells(html: str) -> list[str]:
    return [re.sub("<[^>]+>", "|", cell).strip("|") for cell in re.findall(r"<td[^>]*>(.*?)</td>", html, re.S)]


class Balance(HTMLParser):
    """Open elements that were not closed in order."""

    VOID = {"meta", "img"}

    def __init__(self):
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_every_element_is_closed(tmp_path):
    figure = Figure(PIXELS, caption="c")
    table = Table([{"a": 1}], caption="t")
    checker = Balance()
    checker.feed(page(tmp_path, Paragraph("p"), Facts({"a": 1}, "more", True), figure, Gallery([figure]), table))
    assert checker.open == []


def test_page_fetches_nothing_and_says_what_it_is_not(tmp_path):
    html = page(tmp_path, Figure(PIXELS), Gallery([Figure(PIXELS)]))
    assert not re.search(r"https?://|<link|@import|src=\"(?!data:)", html)
    assert html.count("data:image/png") == 2
    assert "Research software, not a medical device." in html


def test_text_is_shown_and_never_run(tmp_path):
    evil = "<script>alert(1)</script>"
    html = page(tmp_path, Paragraph(evil), Table([{evil: evil}]), Facts({evil: evil}), facts={evil: evil}, title=evil)
    # Paragraph 1; table head, cell and sort key 3; facts 2; facts of the page 2; title twice.
    assert evil not in html and html.count("&lt;script&gt;alert(1)") == 10


def test_cells_show_numbers_intervals_and_dashes(tmp_path):
    figure = {"value": 0.8125, "low": 0.75, "high": 0.875}
    bare = {"value": 0.5, "low": None, "high": None}
    html = page(tmp_path, Table([{"n": 3, "x": 0.5, "gap": None, "figure": figure, "bare": bare}]))
    assert cells(html) == ["3", "0.500", "–", "0.812||0.750–0.875", "0.500"]


def test_columns_are_those_asked_for_or_all_in_order_of_appearance(tmp_path):
    rows = [{"b": 1}, {"a": 2, "b": 3}]
    heads = r"<button>(\w+)</button>"
    assert re.findall(heads, page(tmp_path, Table(rows))) == ["b", "a"]
    assert re.findall(heads, page(tmp_path, Table(rows, columns=["a"]))) == ["a"]


def test_cells_sort_by_value_and_not_by_what_is_shown(tmp_path):
    html = page(tmp_path, Table([{"x": 0.12345}, {"x": None}, {"x": {"value": 2.5, "low": 1, "high": 3}}]))
    assert re.findall(r'data-key="([^"]*)"', html) == ["0.12345", "", "2.5"]


def test_folded_facts_wait_for_a_click(tmp_path):
    assert "<details><summary>Settings</summary>" in page(tmp_path, Facts({"a": 1}, caption="Settings", folded=True))
    assert "<details>" not in page(tmp_path, Facts({"a": 1}, caption="Protocol"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("", "–"),
        (True, "yes"),
        (2000, "2000"),
        (48425782, "48\u202f425\u202f782"),
        (0.00012, "1.20e-04"),
        (0.0, "0.000"),
        ([192, None], "192, –"),
    ],
)
def test_values_are_shown_for_people(value, text):
    assert shown(value) == text


def test_a_page_that_fails_leaves_the_old_one_and_no_litter(tmp_path):
    before = page(tmp_path, Paragraph("old"))
    with pytest.raises(ValueError):
        page(tmp_path, Figure(b"no picture"))
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == before


def image_page(tmp_path, *rows, columns=(), **settings):
    return page(tmp_path, ImageTable([ImageRow(**row) for row in rows], columns, **settings))


def test_an_image_table_closes_every_element_and_runs_no_text(tmp_path):
    evil = "<script>alert(1)</script>"
    row = {"name": evil, "cells": {"a": evil, "b": [evil]}, "groups": {evil: [evil]}}
    columns = [Column("a", evil, evil), Column("b", "b", kind="badges")]
    html = image_page(tmp_path, row, columns=columns, groups={evil: [evil]}, legend={evil: {evil: evil}})
    checker = Balance()
    checker.VOID = Balance.VOID | {"input"}
    checker.feed(html)
    assert checker.open == [] and evil not in html


def test_cells_of_images_sort_by_value_and_are_shown_in_the_digits_of_their_column(tmp_path):
    columns = [Column("n", "n", kind="number", digits=0), Column("s", "s", kind="share", digits=2)]
    html = image_page(tmp_path, {"name": "a", "cells": {"n": 12345.6, "s": 0.126}}, {"name": "b"}, columns=columns)
    assert re.findall(r'data-key="([^"]*)"', html) == ["12345.6", "0.126"]
    assert cells(html) == ["12\u202f346", "0.13", "", ""]


def test_no_space_lies_between_the_rows_of_images(tmp_path):
    # It would stay behind when rows are sorted, and browsers look through it for each row moved after that.
    html = image_page(tmp_path, {"name": "a"}, {"name": "b"}, {"name": "c", "problem": "p"})
    body = re.search(r"(?s)<tbody[^>]*>(.*?)</tbody>", html).group(1)
    assert body.startswith("<tr") and body.endswith("</tr>") and body.count("</tr><tr") == 2


def test_a_picture_is_linked_from_the_page_whatever_its_name(tmp_path):
    path = tmp_path / "sub" / "a: #1?%20 é.png"
    path.parent.mkdir()
    Image.fromarray(PIXELS).save(path)
    html = image_page(tmp_path, {"name": "a", "picture": path.resolve()})
    assert '<a href="sub/a%3A%20%231%3F%2520%20%C3%A9.png"' in html


def test_a_thumbnail_that_cannot_be_read_is_left_out_with_a_warning(tmp_path, caplog):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    html = image_page(tmp_path, {"name": "a", "picture": tmp_path / "broken.jpg"})
    assert "<td" in html and "data:image" not in html
    assert "broken.jpg" in caplog.text


def test_a_long_page_says_how_far_it_is(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("mt_transunet.reports.page._PATIENCE", 0)
    with caplog.at_level("INFO"):
        image_page(tmp_path, {"name": "a"}, {"name": "b"})
    assert "page: 1 of 2 images" in caplog.text


def test_pages_without_images_carry_nothing_for_them(tmp_path):
    assert ".images" not in page(tmp_path, Table([{"a": 1}]))
