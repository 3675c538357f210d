# SPDX-License-Identifier: Apache-2.0
"""Pictures inside a page."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from mt_transunet.reports.pictures import data_uri


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
