# SPDX-License-Identifier: Apache-2.0
"""Pictures inside a page."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from mt_transunet.reports import overlay_panel
from mt_transunet.reports.pictures import data_uri, thumbnail_uri

LONG_SIDE = 110


def decoded(uri: str) -> tuple[str, Image.Image]:
    kind, content = uri.removeprefix("data:image/").split(";base64,")
    return kind, Image.open(io.BytesIO(base64.b64decode(content)))


def test_a_mask_becomes_png_without_loss():
    mask = np.zeros((20, 30), np.uint8)
    mask[5:15, 5:25] = 255
    kind, picture = decoded(data_uri(mask, long_side=100))
    assert kind == "png" and np.array_equal(np.asarray(picture), mask)


def test_a_photograph_becomes_jpeg_of_the_long_side():
    pixels = np.random.default_rng(0).integers(0, 255, (40, 80, 3), np.uint8)
    kind, picture = decoded(data_uri(pixels, long_side=20))
    assert kind == "jpeg" and picture.size == (20, 10)


def test_a_transparent_file_stays_transparent(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (8, 8, 4), np.uint8)
    Image.fromarray(pixels, "RGBA").save(tmp_path / "a.png")
    kind, picture = decoded(data_uri(tmp_path / "a.png", long_side=8))
    assert kind == "png" and picture.mode == "RGBA"


def test_svg_is_taken_as_it_is():
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    assert data_uri(svg, long_side=1) == "data:image/svg+xml;base64," + base64.b64encode(svg).decode()


def test_what_is_no_picture_is_refused_with_its_name(tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(ValueError, match=r"got .*text\.jpg"):
        data_uri(tmp_path / "text.jpg", long_side=10)
    with pytest.raises(ValueError, match="got bytes"):
        data_uri(b"nothing", long_side=10)


def panel_file(folder, size, *, spread):
    """An overlay as inference writes it, of a photograph that is green and lesion on its left half."""
    image = np.full((*size, 3), (20, 160, 60), np.uint8)
    inside = np.zeros(size, np.float32)
    inside[:, : size[1] // 2] = 1
    level_set, attention = 1 - 2 * inside, np.ones((2, 2))
    panel = overlay_panel(image, inside, level_set, attention, spread=inside / 4 if spread else None)
    path = folder / "overlay.jpg"
    Image.fromarray(panel).save(path, quality=88)
    return path


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize("size", [(384, 512), (512, 384), (224, 224), (900, 200), (200, 900)])
def test_the_thumbnail_of_an_overlay_is_its_photograph_alone(tmp_path, size, spread):
    kind, picture = decoded(thumbnail_uri(panel_file(tmp_path, size, spread=spread), long_side=LONG_SIDE, panel=True))
    assert kind == "jpeg" and max(picture.size) == LONG_SIDE
    assert min(picture.size) == pytest.approx(LONG_SIDE * min(size) / max(size), abs=2)  # pixels
    assert (picture.width > picture.height) == (size[1] > size[0])
    # Green to its right edge, where no contour is: no strip, heat or level set.
    red, green, blue = np.asarray(picture, dtype=int)[4:-4, -LONG_SIDE // 25 - 1 :].mean(axis=(0, 1))
    assert green > red + 100 and green > blue + 60


def test_a_picture_that_is_no_panel_is_shown_whole(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 80, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert decoded(thumbnail_uri(tmp_path / "a.png", long_side=40, panel=True))[1].size == (40, 20)


def test_a_thumbnail_of_no_picture_or_no_file_is_refused_with_its_name(tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    for name in ("text.jpg", "absent.jpg"):
        with pytest.raises(ValueError, match=rf"got .*{name}"):
            thumbnail_uri(tmp_path / name, long_side=10)
