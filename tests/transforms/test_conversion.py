# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import warnings

import numpy as np
import pytest
from monai.transforms import LoadImaged
from PIL import Image

from mt_transunet.transforms import to_mask, to_rgb

GREY = Image.fromarray(np.array([[0, 100], [200, 255]], np.uint8))


def warned(convert, image):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = convert(image)
    return result, [str(entry.message) for entry in caught]


def sixteen_bit(*values):
    return Image.fromarray(np.array([values], np.uint16))


def palette():
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "L").convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60])
    return image


def transparent():
    return Image.fromarray(np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8), "RGBA")


CASES = {
    "grey": (GREY, "grey image converted to RGB", [[[0] * 3, [100] * 3], [[200] * 3, [255] * 3]]),
    "bilevel": (
        Image.fromarray(np.array([[True, False]])),
        "black-and-white image converted to RGB",
        [[[255] * 3, [0] * 3]],
    ),
    # white canvas: alpha 0 shows 255; black at alpha 51 / 255 = 0.2 shows 0.8 * 255 = 204
    "rgba": (transparent(), "transparent image converted to RGB", [[[10, 20, 30], [255] * 3, [204] * 3]]),
    "cmyk": (Image.new("CMYK", (1, 1), (0, 255, 255, 0)), "CMYK image converted to RGB", [[[255, 0, 0]]]),
    "palette": (palette(), "palette image converted to RGB", [[[10, 20, 30], [40, 50, 60]]]),
    # 65535 / 257 = 255, 25700 / 257 = 100, 128 / 257 rounds to 0
    "16-bit": (
        sixteen_bit(0, 128, 25700, 65535),
        "16-bit image converted to 8-bit RGB",
        [[[0] * 3, [0] * 3, [100] * 3, [255] * 3]],
    ),
    # nothing above 255: 8-bit values in a 16-bit file
    "dark 16-bit": (sixteen_bit(3, 200), "16-bit image converted to 8-bit RGB", [[[3] * 3, [200] * 3]]),
    "1x1": (Image.new("RGB", (1, 1), (1, 2, 3)), "1-pixel image converted to a full-size input", [[[1, 2, 3]]]),
}


@pytest.mark.parametrize("name", CASES)
def test_every_kind_of_image_becomes_8_bit_rgb_with_one_warning(name):
    image, message, pixels = CASES[name]
    result, messages = warned(to_rgb, image)
    assert result.mode == "RGB" and np.asarray(result).tolist() == pixels
    assert len(messages) == 1 and messages[0].startswith(message)


def test_a_transparent_palette_is_laid_over_white(tmp_path):
    image = palette()
    image.save(tmp_path / "p.png", transparency=1)
    with Image.open(tmp_path / "p.png") as read:
        result, messages = warned(to_rgb, read)
    assert np.asarray(result).tolist() == [[[10, 20, 30], [255] * 3]]
    assert messages == ["palette image converted to RGB"]


def test_an_rgb_image_passes_unchanged_and_silently():
    image = Image.new("RGB", (2, 2), (1, 2, 3))
    result, messages = warned(to_rgb, image)
    assert result is image and messages == []


@pytest.mark.parametrize("mode", ["L", "RGBA", "CMYK", "I;16", "P"])
def test_the_reader_of_the_bundle_takes_the_conversion(tmp_path, mode):
    image = Image.new(mode, (5, 4))
    image.save(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"))
    load = LoadImaged("image", reader="PILReader", converter=to_rgb, dtype=np.uint8)
    loaded, messages = warned(load, {"image": str(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"))})
    assert loaded["image"].shape == (5, 4, 3)  # MONAI's reader gives columns before rows
    assert len([m for m in messages if "converted" in m]) == 1


def test_a_mask_is_lesion_from_128_on_with_one_warning_for_grey_values():
    result, messages = warned(to_mask, Image.fromarray(np.array([[0, 127, 128, 255]], np.uint8)))
    assert result.mode == "L" and np.asarray(result).tolist() == [[0, 0, 255, 255]]
    assert messages == [
        "grey-valued mask image converted to a binary one at >= 128; `mt-transunet check-data` names such files"
    ]


def test_a_jpeg_mask_is_the_mask_it_was_made_from(tmp_path):
    mask = np.zeros((64, 64), np.uint8)
    mask[13:45, 21:53] = 255  # across the blocks of 8
    Image.fromarray(mask).save(tmp_path / "m.jpg", quality=85)
    with Image.open(tmp_path / "m.jpg") as read:
        assert len(np.unique(np.asarray(read))) > 2  # compression left grey values
        result, messages = warned(to_mask, read)
    assert np.array_equal(np.asarray(result), mask) and len(messages) == 1


BINARY_MASKS = {
    "L": Image.fromarray(np.array([[0, 255]], np.uint8)),
    "1": Image.fromarray(np.array([[False, True]])),
    "16-bit": sixteen_bit(0, 65535),
    "16-bit ones": sixteen_bit(0, 1),
    "RGB": Image.fromarray(np.array([[[0] * 3, [255] * 3]], np.uint8)),
    "RGBA": Image.fromarray(np.array([[[0, 0, 0, 255], [255] * 4]], np.uint8), "RGBA"),
    "LA": Image.fromarray(np.array([[[0, 0], [255, 0]]], np.uint8), "LA"),
}


@pytest.mark.parametrize("kind", BINARY_MASKS)
def test_binary_masks_of_every_kind_become_0_and_255_silently(kind):
    result, messages = warned(to_mask, BINARY_MASKS[kind])
    assert np.asarray(result).tolist() == [[0, 255]] and messages == []


def test_a_palette_mask_counts_by_its_colours_and_not_its_indices():
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "L").convert("P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    result, messages = warned(to_mask, image)
    assert np.asarray(result).tolist() == [[255, 0]] and messages == []


def transparent_palette():
    """Two blacks, of which the second alone is opaque."""
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "L").convert("P")
    image.putpalette([0] * 6)
    image.info["transparency"] = bytes([0, 255])
    return image


COLOURED_MASKS = {
    "red": Image.fromarray(np.array([[[0, 0, 0], [255, 0, 0]]], np.uint8)),
    "blue": Image.fromarray(np.array([[[0, 0, 0], [0, 0, 255]]], np.uint8)),
    "the first class of Pascal VOC": Image.fromarray(np.array([[[0, 0, 0], [128, 0, 0]]], np.uint8)),
    "a class of CVAT": Image.fromarray(np.array([[[0, 0, 0], [250, 50, 83]]], np.uint8)),
    "transparency over black": Image.fromarray(np.array([[[0] * 4, [0, 0, 0, 255]]], np.uint8), "RGBA"),
    "transparency of a palette": transparent_palette(),
    "a label map of 2": Image.fromarray(np.array([[0, 2]], np.uint8)),
    "a label map of 2 in 16 bits": sixteen_bit(0, 2),
}


@pytest.mark.parametrize("kind", COLOURED_MASKS)
def test_a_lesion_in_any_colour_is_one(kind):
    result, _ = warned(to_mask, COLOURED_MASKS[kind])
    assert np.asarray(result).tolist() == [[0, 255]]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("values, brightest", [([0, 1, 2], 2), ([100, 100, 100], 100)])
def test_a_mask_that_would_become_empty_is_refused_by_name(tmp_path, values, brightest, kind):
    Image.fromarray(np.array([values], kind)).save(tmp_path / "m.png")
    reason = f"m.png: no value of this mask reaches 128, its brightest is {brightest}, so nothing in it is lesion; save"
    with Image.open(tmp_path / "m.png") as image, pytest.raises(ValueError, match=reason):
        to_mask(image)


def test_an_empty_16_bit_mask_stays_empty():
    assert np.asarray(to_mask(sixteen_bit(0, 0))).tolist() == [[0, 0]]


def test_a_mask_of_zeros_and_ones_is_a_label_map():
    result, messages = warned(to_mask, Image.fromarray(np.array([[0, 1]], np.uint8)))
    assert np.asarray(result).tolist() == [[0, 255]] and not messages
