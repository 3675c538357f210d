# SPDX-License-Identifier: Apache-2.0
"""The app as a person uses it, in a real browser, with the shipped weights."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from mt_transunet import CLASS_NAMES
from mt_transunet.analysis import Analyser
from mt_transunet.app import serving
from mt_transunet.app.words import CALIBRATED, UNCALIBRATED
from mt_transunet.data import synthetic_case
from mt_transunet.networks import read_provenance, shipped_weights
from mt_transunet.quality import FLAGS

HEIGHT, WIDTH = 216, 288


class Watched(NamedTuple):
    """A page with everything it complained of and asked for."""

    page: object
    errors: list[str]
    urls: list[str]


class App(NamedTuple):
    """Where the app is, and whom its program connected to since it started."""

    address: str
    connected: list[tuple]


@pytest.fixture(scope="module")
def app():
    """The app on a free port, stopped after the last test; leaving it open or files behind fails there."""
    pytest.importorskip("gradio", reason="gradio is not installed: pip install -e .[app]")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    connected, connect = [], socket.socket.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", lambda self, to: connected.append(to) or connect(self, to))
        with serving(views="none", port=port) as address:
            yield App(address, connected)
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        pass


@pytest.fixture
def watched(new_page, app):
    page, errors, urls = new_page(), [], []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: urls.append(request.url))
    page.goto(app.address)
    page.get_by_text("Synthetic images to try").wait_for()
    return Watched(page, errors, urls)


@pytest.fixture
def page(watched):
    return watched.page


@pytest.fixture(scope="module")
def mole(tmp_path_factory):
    """A synthetic photograph without flags."""
    path = tmp_path_factory.mktemp("photographs") / "mole.png"
    Image.fromarray(synthetic_case(3, seed=7, size=(HEIGHT, WIDTH)).image).save(path)
    return path


@pytest.fixture(scope="module")
def framed(mole):
    """The same behind the round opening of a dermatoscope."""
    picture = np.array(Image.open(mole))
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    picture[np.hypot(rows - HEIGHT / 2, columns - WIDTH / 2) > 0.53 * WIDTH] = 0
    path = mole.with_name("framed.png")
    Image.fromarray(picture).save(path)
    return path


def give(page, path: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(path)


def answered(page, path: Path):
    """Give the page a file and wait for what it says of it."""
    give(page, path)
    page.get_by_role("heading", name=path.name).wait_for()
    return page.locator(".findings").last


def downloaded(page, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.get_by_text("Download the mask").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_it_says_at_once_what_it_must_not_be_used_for(page):
    assert page.get_by_text("Research software, not a medical device.").is_visible()


def test_it_leads_nowhere_else(page):
    assert page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)") == []
    assert page.get_by_text("Built with Gradio").count() == page.get_by_text("Use via API").count() == 0


def test_an_answer_raises_no_error_and_asks_this_machine_alone(watched, app, mole):
    answered(watched.page, mole)
    assert watched.errors == []
    fetched = [urlsplit(url) for url in watched.urls]
    assert {url.hostname for url in fetched if url.scheme not in ("data", "blob")} == {"127.0.0.1"}
    assert {to[0] for to in app.connected if isinstance(to, tuple)} <= {"127.0.0.1"}


def test_the_mask_keeps_name_and_size_and_is_the_analysers_to_the_pixel(page, mole, tmp_path):
    answered(page, mole)
    path = downloaded(page, tmp_path)
    mask = np.array(Image.open(path))
    assert path.name == "mole_mask.png" and mask.shape == (HEIGHT, WIDTH)
    assert (mask == Analyser("lite", views="none")(mole).mask * np.uint8(255)).all() and mask.any()


def test_the_mask_is_shown_at_the_size_of_the_image(page, mole):
    answered(page, mole)
    picture = page.locator(".mask img")
    picture.wait_for()
    assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [WIDTH, HEIGHT]


def test_every_class_has_its_probability(page, mole):
    rows = answered(page, mole).locator(".classes tr").all_inner_texts()
    found = {name: float(value) for name, value in (row.rsplit(maxsplit=1) for row in rows)}
    assert list(found) == [name.replace("_", " ") for name in CLASS_NAMES]
    assert sum(found.values()) == pytest.approx(1, abs=0.02)


def test_the_page_says_whether_the_shipped_weights_are_calibrated(page, mole):
    calibrated = read_provenance(shipped_weights("lite"))["calibration"] is not None
    assert (CALIBRATED if calibrated else UNCALIBRATED) in answered(page, mole).inner_text()


def test_black_corners_are_flagged_with_what_to_do(page, framed):
    text = answered(page, framed).inner_text()
    assert "dark corners" in text and FLAGS["dark_corners"] in text


def test_a_file_that_is_no_image_is_named_and_the_next_one_is_answered(watched, mole, tmp_path):
    (tmp_path / "letter.jpg").write_text("I am a letter, not a picture.\n")
    page = watched.page
    answered(page, mole)
    give(page, tmp_path / "letter.jpg")
    refused = page.get_by_role("alert").filter(has_text="letter.jpg")
    refused.wait_for()
    assert "cannot be read as an image" in refused.inner_text()
    assert not page.get_by_text("Download the mask").is_visible()
    answered(page, mole)
    assert refused.count() == 0 and watched.errors == []


def test_a_rotation_in_the_file_is_said_and_the_mask_fits_the_stored_pixels(page, mole, tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.open(mole).save(tmp_path / "turned.jpg", exif=turned)
    answered(page, tmp_path / "turned.jpg")
    assert page.get_by_text("The file asks viewers to turn it (EXIF orientation)").is_visible()
    assert Image.open(downloaded(page, tmp_path)).size == (WIDTH, HEIGHT)


def test_a_synthetic_example_is_answered_with_a_click(page):
    page.locator(".gallery-item").first.click()
    page.get_by_role("heading", name="synthetic-1.jpg").wait_for()


def test_on_a_phone_nothing_is_wider_than_the_page(new_page, app, mole):
    page = new_page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page.goto(app.address)
    answered(page, mole)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
