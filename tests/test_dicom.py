# SPDX-License-Identifier: Apache-2.0
"""Photographs that come as DICOM, opened by Pillow as any other image is."""

from __future__ import annotations

import io
import re
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from mt_transunet.data import readable_images
from mt_transunet.dicom import DicomError, is_dicom
from mt_transunet.prediction import as_array
from mt_transunet.transforms import as_rgb

pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed: pip install -e .[dicom]")

COLOURS = np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255)], [(10, 20, 30), (255, 255, 255), (0, 0, 0)]], np.uint8)
LARGER = np.linspace(0, 255, 16 * 24 * 3).reshape(16, 24, 3).astype(np.uint8)
RED_YBR = (76, 85, 255)
"""Red by ITU-R BT.601: Y = 0.299 x 255, Cb = 128 - 0.168736 x 255, Cr = 128 + 0.5 x 255, rounded and clipped."""
RED_AGAIN = (254, 0, 0)
"""That in RGB: R = 76 + 1.402 x 127 = 254.1; G = 76 + 0.344 x 43 - 0.714 x 127 = 0.1; B = 76 - 1.772 x 43 < 0."""
STREAM = pydicom.encaps.encapsulate([bytes(64)])


def pixels_of(path):
    with Image.open(path) as image:
        return np.asarray(as_rgb(image))


def refusal_of(path):
    """The one reason of a file that no reader takes."""
    readable, refused = readable_images([path])
    assert readable == [] and list(refused) == [str(path)]
    return refused[str(path)]


@pytest.fixture
def target(tmp_path):
    return tmp_path / "lesion.dcm"


@pytest.mark.parametrize("uid", ["7", "7.4", "77.1.4", "77.1.7"])
def test_the_pixels_of_an_rgb_photograph_are_kept(write_dicom, target, uid):
    write_dicom(target, COLOURS, SOPClassUID=f"1.2.840.10008.5.1.4.1.1.{uid}")
    assert np.array_equal(pixels_of(target), COLOURS)
    assert readable_images([target]) == ([str(target)], {})


def test_planes_one_after_the_other_are_the_same_photograph(write_dicom, target):
    planes = np.moveaxis(COLOURS, -1, 0).tobytes()  # all of red, then green, then blue
    write_dicom(target, COLOURS, PixelData=planes, PlanarConfiguration=1)
    assert np.array_equal(pixels_of(target), COLOURS)


def test_ybr_full_becomes_rgb(write_dicom, target):
    stored = np.array([[RED_YBR, (100, 128, 128)]], np.uint8)
    write_dicom(target, stored, PhotometricInterpretation="YBR_FULL")
    assert pixels_of(target).tolist() == [[list(RED_AGAIN), [100, 100, 100]]]


def test_ybr_full_422_shares_its_colour_between_two_neighbours(write_dicom, target):
    luma = (76, 176)  # Y Y Cb Cr: the second pixel is 100 brighter and as red
    stored = bytes([*luma, 85, 255, 50, 60, 128, 128])
    header = {"Rows": 1, "Columns": 4, "SamplesPerPixel": 3, "PlanarConfiguration": 0}
    write_dicom(target, stored, **header, PhotometricInterpretation="YBR_FULL_422")
    # 176 + 178.05 is clipped; green and blue are 100 more than above: 100.1 and 99.8
    assert pixels_of(target).tolist() == [[[254, 0, 0], [255, 100, 100], [50] * 3, [60] * 3]]


def compressed(kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(LARGER).save(buffer, kind, **options)
    header = {"Rows": 16, "Columns": 24, "SamplesPerPixel": 3, "PlanarConfiguration": 0}
    return buffer.getvalue(), header


def recompressed(path, syntax):
    dataset = pydicom.dcmread(path)
    dataset.compress(getattr(pydicom.uid, syntax))
    dataset.save_as(path)


@pytest.mark.parametrize("subsampling, interpretation", [(2, "YBR_FULL_422"), (1, "YBR_FULL_422"), (0, "YBR_FULL")])
def test_a_jpeg_inside_is_what_pillow_makes_of_it(write_dicom, target, subsampling, interpretation):
    jpeg, header = compressed("JPEG", quality=90, subsampling=subsampling)
    header |= {"PhotometricInterpretation": interpretation, "syntax": "JPEGBaseline8Bit"}
    write_dicom(target, pydicom.encaps.encapsulate([jpeg]), **header)
    expected = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")).astype(int)
    assert np.abs(pixels_of(target) - expected).max() <= 1  # YCbCr to RGB by pydicom and by libjpeg: roundings differ


def test_run_lengths_are_decoded(write_dicom, target):
    recompressed(write_dicom(target, LARGER), "RLELossless")
    assert np.array_equal(pixels_of(target), LARGER)


def test_jpeg_ls_is_decoded_where_a_decoder_is_installed(write_dicom, target):
    pytest.importorskip("jpeg_ls")
    recompressed(write_dicom(target, LARGER), "JPEGLSLossless")
    assert np.array_equal(pixels_of(target), LARGER)


def test_monochrome2_is_grey_and_monochrome1_its_negative(write_dicom, target):
    grey = np.array([[0, 100, 255]], np.uint8)
    write_dicom(target, grey)
    assert pixels_of(target).tolist() == [[[0] * 3, [100] * 3, [255] * 3]]
    write_dicom(target, grey, PhotometricInterpretation="MONOCHROME1")
    assert pixels_of(target).tolist() == [[[255] * 3, [155] * 3, [0] * 3]]


@pytest.mark.parametrize("bits, values", [(16, [0, 257, 32896, 65535]), (12, [0, 16, 2056, 4095])])
def test_deep_values_are_scaled_by_the_bits_stored(write_dicom, target, bits, values):
    # 65535 / 255 = 257, and 4095 / 255 = 16.06: 1 and 128 are the nearest in both
    write_dicom(target, np.array([values], np.uint16), BitsStored=bits, HighBit=bits - 1)
    assert pixels_of(target)[0, :, 0].tolist() == [0, 1, 128, 255]


def test_sixteen_bits_a_colour_are_scaled_too(write_dicom, target):
    write_dicom(target, np.array([[[0, 257, 65535]]], np.uint16))
    assert pixels_of(target).tolist() == [[[0, 1, 255]]]


def test_signed_values_begin_at_black(write_dicom, target):
    write_dicom(target, np.array([[-32768, 0, 32767]], np.int16), PixelRepresentation=1)
    assert pixels_of(target)[0, :, 0].tolist() == [0, 128, 255]


def test_a_window_says_what_is_black_and_what_is_white(write_dicom, target):
    # PS3.3 C.11.2.1.2.1: black up to 1000 - 0.5 - 50, white above 1000 - 0.5 + 50, between (x - 999.5) / 100 + 0.5
    values = np.array([[0, 949, 1000, 1051, 60000]], np.uint16)
    write_dicom(target, values, WindowCenter=1000, WindowWidth=101)
    assert pixels_of(target)[0, :, 0].tolist() == [0, 0, round(255 * 0.505), 255, 255]


def test_a_window_in_units_of_the_modality_meets_rescaled_values(write_dicom, target):
    values = np.array([[0, 99, 201, 255]], np.uint8)  # 0, 198, 402 and 510 after rescaling; the window is [200, 400]
    rescaled = {"RescaleSlope": 2, "RescaleIntercept": 0, "RescaleType": "US"}
    write_dicom(target, values, **rescaled, WindowCenter=300.5, WindowWidth=201)
    assert pixels_of(target)[0, :, 0].tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize("depth, top", [(8, 255), (16, 65535)])
def test_a_palette_gives_its_colours(write_dicom, target, depth, top):
    header = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name, entries in {"Red": [0, top, 0], "Green": [0, 0, top], "Blue": [top, 0, top]}.items():
        table = np.array([*entries, 0], f"uint{depth}").tobytes()
        header |= {f"{name}PaletteColorLookupTableDescriptor": [4, 0, depth]}
        header |= {f"{name}PaletteColorLookupTableData": table}
    write_dicom(target, np.array([[0, 1, 2]], np.uint8), **header)
    assert pixels_of(target).tolist() == [[[0, 0, 255], [255, 0, 0], [0, 255, 255]]]


@pytest.mark.parametrize(
    "header, reason",
    [
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "CT Image Storage is no photograph; give Dermoscopic"),
        ({"NumberOfFrames": 3}, "holds 3 frames; give one photograph a file"),
        ({"PixelData": None}, "holds no pixel data"),
        ({"Rows": None}, "holds no image, or is cut short"),
        ({"PhotometricInterpretation": "HSV"}, "photometric interpretation HSV is not read; convert it to RGB"),
        ({"syntax": "MPEG2MPML", "PixelData": STREAM}, r"pixels cannot be decoded \(MPEG2 Main Profile"),
    ],
)
def test_what_is_no_photograph_is_refused_with_its_reason(write_dicom, target, header, reason):
    found = refusal_of(write_dicom(target, COLOURS, PatientName="Roe^Jane", PatientID="4711", **header))
    assert re.match(reason, found)
    assert "\n" not in found and str(target) not in found and "Roe" not in found and "4711" not in found


@pytest.mark.parametrize("kept", [0.05, 0.2, 0.6, 0.9, 0.999])
def test_a_file_that_is_cut_short_is_refused_wherever_it_ends(write_dicom, target, kept):
    whole = write_dicom(target, np.zeros((64, 64, 3), np.uint8)).read_bytes()
    target.write_bytes(whole[: int(kept * len(whole))])
    assert refusal_of(target)


def test_a_jpeg_inside_that_lacks_its_end_is_refused(write_dicom, target):
    jpeg, header = compressed("JPEG", quality=95)
    header |= {"PhotometricInterpretation": "YBR_FULL_422", "syntax": "JPEGBaseline8Bit"}
    whole = write_dicom(target, pydicom.encaps.encapsulate([jpeg]), **header).read_bytes()
    target.write_bytes(whole[: -len(jpeg) // 2])  # the file ends in the middle of its JPEG
    assert "cut short" in refusal_of(target)
    write_dicom(
        target, pydicom.encaps.encapsulate([jpeg[: len(jpeg) // 2]]), **header
    )  # a whole file around half a JPEG
    assert "cannot be decoded" in refusal_of(target)


def test_a_text_of_that_name_is_no_image(target):
    target.write_text("a letter\n" * 50)
    assert refusal_of(target) == "cannot identify image file"


def test_without_pydicom_the_reason_names_the_extra_and_other_images_are_read(
    write_dicom, target, tmp_path, monkeypatch
):
    write_dicom(target, COLOURS)
    Image.fromarray(COLOURS).save(tmp_path / "a.png")
    monkeypatch.setitem(sys.modules, "pydicom", None)
    readable, refused = readable_images([target, tmp_path / "a.png"])
    assert readable == [str(tmp_path / "a.png")]
    assert refused == {str(target): "needs pydicom: pip install 'mt-transunet[dicom]'"}


def test_opening_reads_the_header_alone(write_dicom, target):
    write_dicom(target, COLOURS, PixelData=b"\0\0")  # too few pixels
    with Image.open(target) as image:
        assert (image.size, image.mode, image.format) == ((3, 2), "RGB", "DICOM")
        with pytest.raises(DicomError, match="cannot be decoded"):
            image.load()


def test_nothing_is_left_open(write_dicom, target):
    write_dicom(target, COLOURS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        pixels_of(target)
        refusal_of(write_dicom(target, COLOURS, NumberOfFrames=2))


def test_the_prefix_tells_dicom_whatever_the_name(write_dicom, tmp_path):
    Image.fromarray(COLOURS).save(tmp_path / "a.png")
    assert is_dicom(write_dicom(tmp_path / "a.jpg", COLOURS))
    assert not is_dicom(tmp_path / "a.png")


def test_python_reads_it_as_any_other_image_and_names_a_file_it_cannot_read(write_dicom, target, monkeypatch):
    write_dicom(target, COLOURS)
    assert np.array_equal(as_array(target), COLOURS)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(ValueError, match=r"lesion.dcm is no readable image \(needs pydicom: pip install"):
        as_array(target)
