# SPDX-License-Identifier: Apache-2.0
"""The page of an inference run as a person uses it, in a real browser."""

from __future__ import annotations

import shutil

import pytest

from mt_transunet.reports import write_report

OVERLAY_WIDTH, THUMBNAIL_WIDTH = 400, 220
DICE = {0: 0.95, 1: 0.125, 2: 0.5, 4: "", 5: 0.9}  # of the others 0.7
FLAGS = {1: "hair", 4: "hair; dark_corners", 6: "dark_corners", 8: "seen_upside_down"}
MELANOMAS = (1, 2, 6)
UNREADABLE = (3, 9)


def name(number: int) -> str:
    return f"img_{number:02}.jpg"


@pytest.fixture(scope="module")
def run(tmp_path_factory, write_run, answer):
    """Twelve images: two unreadable, four flagged, three called melanoma, one without a picture."""
    rows = [
        (
            {"image": f"/photos/{name(i)}", "status": "truncated file"}
            if i in UNREADABLE
            else answer(
                f"/photos/{name(i)}",
                predicted="melanoma" if i in MELANOMAS else "nevus",
                melanoma_suspected=i in MELANOMAS,
                flags=FLAGS.get(i, ""),
                predicted_dice=DICE.get(i, 0.7),
                overlay="" if i == 11 else f"an odd #{i}%20_overlay.jpg",
            )
        )
        for i in range(12)
    ]
    folder = write_run(tmp_path_factory.mktemp("run"), rows)
    write_report(folder)
    return folder


@pytest.fixture
def page(new_page, run):
    page = new_page()
    page.goto((run / "report.html").as_uri())
    return page


def shown(page) -> list[str]:
    """Names of the rows that are shown, from top to bottom; `innerText` is empty in a row not yet laid out."""
    return page.locator("tbody tr:visible .name").all_text_contents()


def names(*numbers: int) -> list[str]:
    return [name(number) for number in numbers]


def chip(page, label: str):
    return page.locator("[data-chip]").filter(has_text=label)


def count_line(page) -> str:
    return page.locator("[role=status]").inner_text()


def dice(page) -> list[str]:
    column = page.locator("thead th").all_inner_texts().index("predicted Dice")
    return page.eval_on_selector_all("tbody tr", f"rows => rows.map(row => row.cells[{column}]?.textContent ?? '')")


def test_it_opens_without_an_error_and_asks_for_nothing_else(new_page, run):
    page, errors, requests = new_page(), [], []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto((run / "report.html").as_uri())
    assert errors == []
    assert [url for url in requests if not url.startswith("data:")] == [(run / "report.html").as_uri()]


def test_every_image_has_a_row_and_those_that_could_not_be_read_come_first(page):
    assert shown(page) == names(3, 9, 0, 1, 2, 4, 5, 6, 7, 8, 10, 11)
    assert page.locator("tbody img").count() == 9
    assert "truncated file" in page.locator("tbody tr").first.text_content()


def test_numbers_sort_both_ways_with_unknown_ones_last(page):
    button = page.get_by_role("button", name="predicted Dice")
    button.click()
    known = ["0.12", "0.50", *["0.70"] * 5, "0.90", "0.95"]
    assert dice(page) == [*known, "", "", ""]
    assert page.locator("th[aria-sort=ascending]").inner_text() == "predicted Dice"
    button.click()
    assert dice(page) == [*known[::-1], "", "", ""]
    assert page.locator("th[aria-sort]").count() == page.locator("th[aria-sort=descending]").count() == 1


def test_the_order_of_the_run_comes_back_with_the_head_of_the_pictures(page):
    page.get_by_role("button", name="image", exact=True).click()
    assert shown(page) == names(*range(12))
    page.get_by_role("button", name="picture", exact=True).click()
    assert shown(page) == names(3, 9, 0, 1, 2, 4, 5, 6, 7, 8, 10, 11)


def test_a_flag_leaves_the_images_that_have_it(page):
    hair = chip(page, "hair")
    assert hair.inner_text().split() == ["hair", "2"] and hair.get_attribute("aria-pressed") == "false"
    hair.click()
    assert shown(page) == names(1, 4) and hair.get_attribute("aria-pressed") == "true"
    assert count_line(page) == "2 of 12 images shown"
    hair.click()
    assert len(shown(page)) == 12 and count_line(page) == "12 of 12 images shown"


def test_chips_of_a_group_widen_the_choice_and_groups_narrow_it(page):
    chip(page, "hair").click()
    chip(page, "dark corners").click()
    assert shown(page) == names(1, 4, 6)
    chip(page, "melanoma suspected").click()
    assert shown(page) == names(1, 6)


@pytest.mark.parametrize(
    ("label", "numbers"),
    [
        ("no flag", (0, 2, 5, 7, 10, 11)),
        ("could not be read", (3, 9)),
        ("nevus", (0, 4, 5, 7, 8, 10, 11)),
        ("seen_upside_down", (8,)),
    ],
)
def test_every_other_chip_leaves_its_images(page, label, numbers):
    chip(page, label).click()
    assert shown(page) == names(*numbers)


def test_text_filters_by_file_name_and_clearing_brings_all_back(page):
    page.get_by_label("Filter by file name").fill("IMG_1")
    assert shown(page) == names(10, 11) and count_line(page) == "2 of 12 images shown"
    page.get_by_label("Filter by file name").fill("nowhere")
    assert page.get_by_text("No image matches these filters.").is_visible()
    page.get_by_role("button", name="Clear filters").click()
    assert len(shown(page)) == 12 and page.get_by_label("Filter by file name").input_value() == ""


def test_more_columns_are_shown_when_asked_for(page):
    head = page.get_by_role("columnheader", name="solidity")
    assert not head.is_visible()
    page.get_by_role("button", name="More columns").click()
    assert head.is_visible()
    page.get_by_role("button", name="Fewer columns").click()
    assert not head.is_visible()


def enlarged(page, width: int):
    """The enlarged picture, once it is so many pixels wide."""
    page.wait_for_function(f"document.querySelector('.viewer[open] img').naturalWidth === {width}")
    return page.locator(".viewer img")


def test_a_click_enlarges_the_overlay_that_lies_beside_the_page_and_escape_closes(page):
    link = page.get_by_label(f"Enlarge {name(5)}")
    link.click()
    assert enlarged(page, OVERLAY_WIDTH).get_attribute("src").endswith("/an%20odd%20%235%2520_overlay.jpg")
    assert page.locator(".viewer .title").inner_text() == name(5)
    page.keyboard.press("Escape")
    assert not page.locator(".viewer").is_visible()
    assert link.evaluate("link => link === document.activeElement")


def test_arrows_go_through_the_rows_that_are_shown_and_stop_at_the_ends(page):
    chip(page, "hair").click()
    page.get_by_label(f"Enlarge {name(1)}").click()
    title = page.locator(".viewer .title")
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
        seen.append(title.inner_text())
    assert seen == names(4, 4, 1, 1)
    assert page.locator(".viewer .place").inner_text() == "1 of 2"


def test_a_page_that_was_moved_away_enlarges_its_thumbnail(new_page, run, tmp_path):
    shutil.copy(run / "report.html", tmp_path)
    page = new_page()
    page.goto((tmp_path / "report.html").as_uri())
    page.get_by_label(f"Enlarge {name(5)}").click()
    assert enlarged(page, THUMBNAIL_WIDTH).get_attribute("src").startswith("data:image/jpeg")


def box(page) -> dict[str, float]:
    """Of the table's box: how far it can be scrolled by itself; of its head: how far below the window's top."""
    return page.evaluate("""() => {
        const box = document.querySelector(".images .scroll");
        const head = box.querySelector("thead").getBoundingClientRect().top;
        return {inside: box.scrollHeight - box.clientHeight, head, top: box.getBoundingClientRect().top};
    }""")


def test_few_rows_are_shown_whole_and_their_head_stays_at_the_top_of_the_window(new_page, run):
    page = new_page(viewport={"width": 1500, "height": 600})
    page.goto((run / "report.html").as_uri())
    page.wait_for_selector(".images.whole")
    page.locator("tbody tr").last.scroll_into_view_if_needed()
    found = box(page)
    assert found["inside"] == 0 and found["head"] == 0 and found["top"] < -300  # pixels
    page.get_by_role("button", name="image", exact=True).click()
    assert box(page)["top"] == pytest.approx(0, abs=1)


def test_columns_that_do_not_fit_and_many_rows_have_a_box_to_scroll_in(new_page, run, tmp_path, write_run, answer):
    page = new_page(viewport={"width": 1500, "height": 600})
    page.goto((run / "report.html").as_uri())
    page.get_by_role("button", name="More columns").click()
    assert box(page)["inside"] > 300
    write_report(write_run(tmp_path, [answer(name(i)) for i in range(51)]))
    page.goto((tmp_path / "report.html").as_uri())
    page.get_by_label("Filter by file name").wait_for()
    assert box(page)["inside"] > 300


def test_on_a_phone_the_table_scrolls_and_not_the_page(new_page, run):
    page = new_page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page.goto((run / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.eval_on_selector(".images .scroll", "box => box.scrollWidth > box.clientWidth")


def test_without_its_script_the_page_shows_every_row_and_no_dead_control(new_page, run):
    page = new_page(java_script_enabled=False)
    page.goto((run / "report.html").as_uri())
    assert len(shown(page)) == 12
    assert page.locator(".images :is(.tools, .bar) :is(button, input):visible").count() == 0


def test_paper_gets_the_rows_that_are_shown_and_no_controls(page):
    chip(page, "hair").click()
    page.emulate_media(media="print")
    assert shown(page) == names(1, 4)
    assert page.locator(".images :is(.tools, .bar) :is(button, input):visible").count() == 0
    assert page.eval_on_selector("tbody tr", "row => getComputedStyle(row).contentVisibility") == "visible"
