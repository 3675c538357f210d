# SPDX-License-Identifier: Apache-2.0
"""What of a DICOM header is used, and that nothing else of it goes on."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mt_transunet.dicom import millimetres_per_pixel
from mt_transunet.transforms import as_rgb

pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed: pip install -e .[dicom]")
COLOURS = np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255)], [(10, 20, 30), (255, 255, 255), (0, 0, 0)]], np.uint8)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "lesion.dcm"


@pytest.mark.parametrize(
    "header, scale",
    [
        ({}, None),
        ({"PixelSpacing": [0.05, 0.05]}, 0.05),
        ({"ImagerPixelSpacing": [0.02, 0.02]}, None),
        ({"PixelSpacing": [0.05, 0.05], "ImagerPixelSpacing": [0.02, 0.02]}, 0.05),
        ({"PixelSpacing": [0.1, 0.2]}, None),
        ({"PixelSpacing": [0, 0]}, None),
    ],
)
def test_square_pixels_of_known_size_are_the_scale(write_dicom, target, header, scale):
    write_dicom(target, COLOURS, **header)
    assert millimetres_per_pixel(target) == scale
    with Image.open(target) as image:
        assert millimetres_per_pixel(as_rgb(image)) == scale


def test_other_images_have_no_scale(tmp_path):
    from PIL.PngImagePlugin import PngInfo

    said = PngInfo()
    said.add_text("millimetres_per_pixel", "3")
    Image.fromarray(COLOURS).save(tmp_path / "a.png", pnginfo=said)
    assert millimetres_per_pixel(tmp_path / "a.png") is None and millimetres_per_pixel(COLOURS) is None


def test_nothing_of_the_patient_is_in_the_image(write_dicom, target):
    write_dicom(target, COLOURS, PatientName="Roe^Jane", PatientID="4711", PixelSpacing=[0.1, 0.1])
    with Image.open(target) as image:
        assert image.info == {"millimetres_per_pixel": 0.1}
