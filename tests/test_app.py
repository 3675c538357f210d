# SPDX-License-Identifier: Apache-2.0
"""What the app's page is given to show, and how it is served; gradio itself is hardly needed for that."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mt_transunet.analysis import Analysis
from mt_transunet.app import answer, server, write_examples
from mt_transunet.app.words import CALIBRATED, UNCALIBRATED
from mt_transunet.cli import main
from mt_transunet.quality import FLAGS

ROW = {
    **{"nevus": 0.2, "melanoma": 0.7, "seborrheic_keratosis": 0.1, "melanoma_suspected": True, "flags": ["hair"]},
    **{"longest_px": 162.3, "longest_mm": None, "area_px": 15169.0, "area_mm2": None, "lesion_fraction": 0.137},
    **{"asymmetry": 0.088, "border_irregularity": 1.14, "colour_variegation": 9.887, "colours": 2},
    **{"predicted_dice": None, "agreement": 0.996, "consistency": 0.995, "spread": 0.1},
}
TURNED = Image.Exif()
TURNED[0x0112] = 6


@pytest.fixture
def ask(tmp_path):
    """Answers of an analyser that finds the left half of every picture."""

    def asked(path, row=ROW, *, spread=0.1, **settings):
        def analyse(path):
            picture = np.array(Image.open(path).convert("RGB"))
            mask = np.zeros(picture.shape[:2], bool)
            mask[:, : picture.shape[1] // 2] = True
            plane = mask.astype(np.float32)
            return Analysis(picture, mask, plane, 0.5 - plane, spread * plane, np.full((2, 3), 1 / 6), row)

        (tmp_path / "answers").mkdir(exist_ok=True)
        return answer(analyse, str(path), folder=tmp_path / "answers", **settings)

    return asked


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "mole <b>1.png"
    Image.new("RGB", (60, 40), (128, 128, 128)).save(path)
    return path


def words(html):
    """Text of a piece of HTML, its white space as one blank."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_mask_is_a_file_with_the_name_and_size_of_the_image(ask, photograph):
    path = Path(ask(photograph).mask)
    mask = np.array(Image.open(path))
    assert path.name == "mole <b>1_mask.png"
    assert mask.shape == (40, 60) and mask[0, 0] == 255 and mask[0, 59] == 0


def test_masks_of_two_images_of_one_name_are_two_files(ask, photograph):
    assert ask(photograph).mask != ask(photograph).mask


def test_four_panels_lie_two_by_two(ask, photograph):
    assert ask(photograph).panel.shape[1] < 3 * 224 < 2 * ask(photograph).panel.shape[0]


def test_a_single_view_has_no_panel_of_where_views_differ(ask, photograph):
    height, width, _ = ask(photograph, {**ROW, "spread": 0.0}, spread=0).panel.shape
    assert 3 * 224 < width < 4 * 224 and height < 224


def test_a_large_photograph_is_reduced_for_the_page_and_its_mask_is_not(ask, tmp_path):
    Image.new("RGB", (2048, 1024), "brown").save(tmp_path / "large.jpg")
    shown = ask(tmp_path / "large.jpg")
    assert shown.photograph.shape == (512, 1024, 3) and Image.open(shown.mask).size == (2048, 1024)


def test_a_name_cannot_bring_html_along(ask, photograph):
    assert "mole &lt;b&gt;1.png" in ask(photograph).findings


def test_probabilities_have_words_for_names(ask, photograph):
    assert "nevus 0.20 melanoma 0.70 seborrheic keratosis 0.10" in words(ask(photograph).findings)


def test_probabilities_without_a_temperature_are_said_to_be_uncalibrated(ask, photograph):
    assert UNCALIBRATED in ask(photograph).findings and CALIBRATED not in ask(photograph).findings
    assert CALIBRATED in ask(photograph, calibrated=True).findings


def test_flags_and_suspicion_come_with_what_they_mean(ask, photograph):
    advice = words(ask(photograph, {**ROW, "flags": ["touches_border"]}).findings)
    assert f"touches border {FLAGS['touches_border']}" in advice and "melanoma suspected" in advice


def test_no_flag_is_no_promise(ask, photograph):
    advice = ask(photograph, {**ROW, "flags": [], "melanoma_suspected": None}).findings
    assert "No flag was raised. That is no guarantee." in advice and "melanoma suspected" not in advice


def test_measurements_are_short_numbers_and_the_unknown_is_said(ask, photograph):
    table = words(ask(photograph).findings)
    assert "longest diameter 162 px" in table and "asymmetry 0 symmetric, 1 not at all 0.09" in table
    assert "colours of the ABCD rule of 6 2" in table and "Dice to expect of the mask 1 is perfect not known" in table


def test_millimetres_are_shown_where_they_are_known(ask, photograph):
    table = words(ask(photograph, {**ROW, "longest_mm": 6.14, "area_mm2": 21.7}).findings)
    assert "longest diameter 6.14 mm" in table and "area 21.70 mm²" in table


def test_a_single_view_is_not_said_to_agree_with_itself(ask, photograph):
    assert "agreement of the views" in ask(photograph).findings
    assert "agreement of the views" not in ask(photograph, {**ROW, "spread": 0.0}).findings


def test_an_image_to_be_turned_is_taken_as_it_is_stored(ask, tmp_path):
    Image.new("RGB", (60, 40)).save(tmp_path / "turned.jpg", exif=TURNED)
    assert ask(tmp_path / "turned.jpg").photograph.shape == (40, 60, 3)


def test_an_unreadable_file_is_named_without_its_folder(ask, tmp_path):
    (tmp_path / "letter.jpg").write_text("I am a letter.")
    shown = ask(tmp_path / "letter.jpg")
    assert shown[:4] == (None, None, None, "")
    assert "letter.jpg cannot be read as an image" in words(shown.message) and str(tmp_path) not in shown.message


def test_what_the_analyser_refuses_is_said_without_the_folder(tmp_path, photograph):
    def refuse(path):
        raise ValueError(f"{path} has too many frames")

    shown = answer(refuse, str(photograph), folder=tmp_path)
    assert shown.mask is None and "has too many frames" in shown.message and str(tmp_path) not in shown.message


def test_examples_are_readable_images(tmp_path):
    paths = write_examples(tmp_path, count=1)
    assert [Image.open(path).mode for path in paths] == ["RGB"]


@pytest.fixture
def taken():
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_taken_port_is_named_with_the_remedy(taken, capsys):
    assert main(["app", "--port", str(taken)]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and f"port {taken}" in told and "--port" in told.split(";")[1]


def test_a_port_that_cannot_exist_is_refused_alike(capsys):
    assert main(["app", "--port", "70000"]) == 1
    assert "port 70000" in capsys.readouterr().err


def test_the_environment_is_left_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", "elsewhere")
    monkeypatch.setenv("no_proxy", "intranet")
    before = dict(os.environ)
    with server._quiet_gradio(str(tmp_path)):
        assert os.environ["GRADIO_TEMP_DIR"] == str(tmp_path) and os.environ["no_proxy"] == "intranet,127.0.0.1"
    assert dict(os.environ) == before


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT or SIGTERM to a process")
def test_asked_to_end_it_ends_cleanly_and_leaves_no_file(tmp_path):
    pytest.importorskip("gradio", reason="gradio is not installed: pip install -e .[app]")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "mt_transunet.cli", "app", "--views", "none", "--port", str(port)]
    surroundings = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings) as app:
        try:
            assert f"http://127.0.0.1:{port}/" in app.stdout.readline() and any(tmp_path.glob("mt-transunet-*"))
            # what a script runs in the background ignores SIGINT from its start
            ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            app.send_signal(signal.SIGTERM if ignored else signal.SIGINT)
            out, err = app.communicate(timeout=60)
        finally:
            app.kill()
    assert app.returncode == 0 and "Stopped" in out and "Traceback" not in err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []  # torch leaves an empty folder
