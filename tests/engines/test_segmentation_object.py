# SPDX-License-Identifier: Apache-2.0
"""Masks as DICOM segmentations, read again with highdicom."""

from __future__ import annotations

import io
import logging
import sys

import numpy as np
import pytest

import mt_transunet
from mt_transunet.engines import DicomSegmentation

pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed: pip install -e .[dicom]")
hd = pytest.importorskip("highdicom", reason="highdicom is not installed: pip install -e .[dicom]")

WEIGHTS = "ab" * 32
PATIENT = {"PatientID": "4711", "PatientName": "Roe^Jane", "PatientBirthDate": "19700102", "PatientSex": "F"}


@pytest.fixture
def mask():
    """A ring with a hole: 13 rows of 21 pixels, so that no row ends with a byte."""
    rows, columns = np.mgrid[:13, :21]
    distance = np.hypot(rows - 6, columns - 9)
    return (distance < 6) & (distance > 2)


@pytest.fixture
def source(write_dicom, tmp_path):
    def write(name="lesion.dcm", **header):
        return write_dicom(tmp_path / name, np.full((13, 21, 3), 90, np.uint8), **header)

    return write


@pytest.fixture
def segment():
    return DicomSegmentation(weights_sha256=WEIGHTS)


def read(content):
    return hd.seg.segread(io.BytesIO(content))


@pytest.mark.parametrize(
    "header",
    [
        {},
        PATIENT,
        {"PixelSpacing": [0.05, 0.05]},
        {"FrameOfReferenceUID": "1.2.7"},
        {"FrameOfReferenceUID": "1.2.7", "ImagePositionPatient": [0, 0, 0], "PixelSpacing": [1, 1]},
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"},
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.4"},
    ],
)
def test_the_mask_is_read_again_pixel_by_pixel(segment, source, mask, header):
    found = read(segment(source(**header), mask))
    assert np.array_equal(found.pixel_array.reshape(mask.shape), mask)
    again = found.get_pixels_by_source_instance(["1.2.3.4.5"], ignore_spatial_locations=True)
    assert np.array_equal(again[0, ..., 0], mask)


def test_a_mask_without_lesion_is_an_object_without_lesion(segment, source, mask):
    found = read(segment(source(), np.zeros_like(mask)))
    assert found.pixel_array.reshape(mask.shape).sum() == 0 and found.number_of_segments == 1


def test_patient_and_study_are_the_photograph_s_and_the_series_is_its_own(segment, source, mask):
    study = {"StudyID": "S7", "StudyDate": "20240502", "AccessionNumber": "A9", "ReferringPhysicianName": "Doe^A"}
    found = read(segment(source(**PATIENT, **study), mask))
    for keyword, value in {**PATIENT, **study, "StudyInstanceUID": "1.2.3"}.items():
        assert found[keyword].value == value
    assert found.SeriesInstanceUID != "1.2.3.4" and found.SOPInstanceUID != "1.2.3.4.5"
    assert found.file_meta.MediaStorageSOPInstanceUID == found.SOPInstanceUID


def test_the_photograph_is_referenced(segment, source, mask):
    found = read(segment(source(), mask))
    series = found.ReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == "1.2.3.4"
    for item in (series.ReferencedInstanceSequence[0], found.SourceImageSequence[0]):
        assert item.ReferencedSOPInstanceUID == "1.2.3.4.5"
        assert item.ReferencedSOPClassUID.name == "Dermoscopic Photography Image Storage"


def test_the_segment_is_a_skin_lesion_found_by_this_software(segment, source, mask):
    found = read(segment(source(), mask))
    description = found.get_segment_description(1)
    assert description.segmented_property_category.value == "49755003"
    assert (description.segmented_property_type.value, description.segmented_property_type.meaning) == (
        "95324001",
        "Skin lesion",
    )
    assert description.algorithm_type.value == "AUTOMATIC" and found.SegmentationType == "BINARY"
    algorithm = description.algorithm_identification
    assert (algorithm.name, algorithm.version) == ("MT-TransUNet", mt_transunet.__version__)
    assert algorithm.parameters == {"weights_sha256": WEIGHTS}
    assert found.DeviceSerialNumber == WEIGHTS


def test_made_twice_it_is_the_same_file(source, mask):
    path = source(ContentDate="20240502", ContentTime="101112")
    first, second = (DicomSegmentation(weights_sha256=WEIGHTS)(path, mask) for _ in range(2))
    assert first == second
    assert (read(first).ContentDate, read(first).ContentTime) == ("20240502", "101112")


def test_another_mask_photograph_or_file_of_weights_is_another_object(segment, source, mask):
    path = source()
    made = [segment(path, mask), segment(path, ~mask), DicomSegmentation(weights_sha256="cd" * 32)(path, mask)]
    made += [segment(source("b.dcm", SOPInstanceUID="1.2.3.4.6"), mask)]
    assert len({read(content).SOPInstanceUID for content in made}) == 4
    assert len({read(content).SeriesInstanceUID for content in made}) == 4


def test_several_files_of_weights_have_one_serial_number_in_their_order(source, mask):
    serials = []
    for hashes in (["a" * 64, "b" * 64], ["b" * 64, "a" * 64], ["a" * 64]):
        serials.append(read(DicomSegmentation(weights_sha256=hashes)(source(), mask)).DeviceSerialNumber)
    assert len(set(serials)) == 3 and [len(serial) for serial in serials] == [64] * 3 and serials[2] == "a" * 64


def test_a_photograph_without_identifiers_has_no_object_and_the_log_says_why(segment, source, mask, caplog):
    path = source(StudyInstanceUID=None)
    assert segment(path, mask) is None
    assert caplog.messages == [f"{path}: no segmentation object, for the photograph has no StudyInstanceUID"]


def test_the_one_frame_of_a_multi_frame_object_has_no_object(segment, source, mask, caplog):
    assert segment(source(SOPClassUID="1.2.840.10008.5.1.4.1.1.7.4", NumberOfFrames=1), mask) is None
    assert "no segmentation object, its header does not allow one" in caplog.text


def test_a_header_that_allows_no_object_is_said_without_what_it_holds(segment, source, mask, caplog, recwarn):
    with caplog.at_level(logging.DEBUG):
        assert segment(source(**{**PATIENT, "PatientSex": "ROE"}), mask) is None
    said = [*caplog.messages, *(str(warning.message) for warning in recwarn)]
    assert any("its header does not allow one (ValueError)" in line for line in said)
    assert not [line for line in said if "ROE" in line.upper().replace("LESION.DCM", "") or "4711" in line]


def test_odd_names_of_patients_are_kept_and_not_spelt_out(segment, source, mask, caplog, recwarn):
    path = source(PatientName="Jane Roe", PatientID="4711" * 20)
    recwarn.clear()
    with caplog.at_level(logging.DEBUG):
        found = read(segment(path, mask))
    assert found.PatientName == "Jane Roe"
    said = [*caplog.messages, *(str(warning.message) for warning in recwarn)]
    assert not [line for line in said if "Roe" in line or "4711" in line]


def test_without_highdicom_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(ImportError, match=r"dicom_seg needs highdicom: pip install 'mt-transunet\[dicom\]'"):
        DicomSegmentation(weights_sha256=WEIGHTS)
