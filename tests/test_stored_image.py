# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mt_transunet.analysis import _turned
from mt_transunet.data.reading import decode_problem, image_size, is_turned
from mt_transunet.mask_values import mask_values
from mt_transunet.prediction import as_array
from mt_transunet.stored_image import as_rgb, as_stored, check_single

STORED = np.zeros((20, 30, 3), np.uint8)
STORED[:5, :8] = (255, 0, 0)  # red where the file begins


@pytest.fixture
def turned(tmp_path: Path):
    def write(orientation: int, *, pixels: np.ndarray = STORED, compression: str | None = None) -> Path:
        path = tmp_path / f"{orientation}.tif"
        Image.fromarray(pixels).save(path, tiffinfo={0x0112: orientation}, compression=compression)
        return path

    return write


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_is_read_as_stored_whatever_its_orientation(turned, orientation: int) -> None:
    path = turned(orientation)
    with Image.open(path) as image:
        assert np.array_equal(as_rgb(image), STORED)
    assert image_size(str(path)) == (30, 20)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("read", [as_stored, as_rgb])
def test_a_tiff_that_viewers_turn_says_so(turned, orientation: int, read) -> None:
    with Image.open(turned(orientation)) as image:
        assert is_turned(read(image)) is (orientation == 6)


@pytest.mark.parametrize("orientation", [1, 6])
def test_the_app_flags_a_tiff_that_viewers_turn(turned, orientation: int) -> None:
    assert _turned(turned(orientation)) is (orientation == 6)


def test_a_mask_of_a_tiff_is_read_as_stored_too(turned) -> None:
    with Image.open(turned(8, compression="tiff_lzw", pixels=STORED[..., 0])) as image:
        assert np.array_equal(mask_values(image), STORED[..., 0])


def test_a_tiff_that_would_be_misread_is_refused(turned) -> None:
    assert decode_problem(turned(8, pixels=STORED[..., 0])) == (
        "is stored turned in a way that cannot be read; save it upright"
    )


def pages(path: Path, *sizes: tuple[int, int]) -> Path:
    first, *more = (Image.new("RGB", size) for size in sizes)
    first.save(path, save_all=True, append_images=more)
    return path


def test_a_file_of_two_photographs_is_refused_with_their_number(tmp_path: Path) -> None:
    path = pages(tmp_path / "two.tif", (30, 20), (30, 20))
    assert decode_problem(path) == "holds 2 pages; give one photograph a file"


def test_a_preview_behind_the_photograph_is_no_second_one(tmp_path: Path) -> None:
    path = pages(tmp_path / "preview.tif", (30, 20), (15, 10))
    assert decode_problem(path) is None
    with Image.open(path) as image:
        check_single(image)
        assert as_rgb(image).size == (30, 20)


def test_a_page_that_holds_the_transparency_is_no_second_photograph(tmp_path: Path) -> None:
    path = tmp_path / "mask.tif"
    transparency = Image.new("1", (30, 20), 1)
    transparency.encoderinfo = {"tiffinfo": {0x00FE: 4}}
    Image.new("RGB", (30, 20)).save(path, save_all=True, append_images=[transparency])
    assert decode_problem(path) is None


def test_an_open_image_and_a_mask_of_two_pages_are_refused_too(tmp_path: Path) -> None:
    with Image.open(pages(tmp_path / "two.tif", (30, 20), (30, 20))) as image:
        for read in (as_rgb, mask_values, as_array):
            with pytest.raises(ValueError, match="holds 2 pages"):
                read(image)


def test_decimals_up_to_1_span_the_whole_range() -> None:
    values = Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32))
    assert np.asarray(as_rgb(values))[0, :, 0].tolist() == [0, 128, 255]


def test_decimals_up_to_255_stay() -> None:
    values = Image.fromarray(np.array([[0.0, 100.2, 255.0]], np.float32))
    assert np.asarray(as_rgb(values))[0, :, 0].tolist() == [0, 100, 255]


def test_decimals_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0.0, np.nan]], np.float32)).save(tmp_path / "nan.tif")
    assert decode_problem(tmp_path / "nan.tif") == "holds values that are no numbers"


def test_what_decodes_and_cannot_become_rgb_is_refused(tmp_path: Path) -> None:
    palette = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3)).convert("P")
    palette.info["transparency"] = bytes(300)
    with pytest.raises(ValueError, match="palette index out of range"):
        as_rgb(palette)


@pytest.mark.parametrize("values", [np.array([[0, 4095]], np.uint16), np.array([[0.0, 3.5]], np.float32)])
def test_values_that_may_be_of_8_10_12_or_16_bits_are_refused(values):
    brightest = f"{values.max():g} as its brightest value, which is of no usual range; save it with 8 bits"
    with pytest.raises(ValueError, match=brightest):
        as_rgb(Image.fromarray(values))


def test_decimals_that_resampling_led_beyond_one_are_white():
    image = as_rgb(Image.fromarray(np.array([[0.0, 1.02]], np.float32)))
    assert np.asarray(image)[0, :, 0].tolist() == [0, 255]
