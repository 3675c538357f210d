# SPDX-License-Identifier: Apache-2.0
"""A folder with photographs as DICOM among others in, masks as DICOM segmentations among others out."""

from __future__ import annotations

import csv
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from monai.bundle import ConfigWorkflow
from PIL import Image

from mt_transunet.analysis import Analyser

pytest.importorskip("pydicom", reason="pydicom is not installed: pip install -e .[dicom]")
hd = pytest.importorskip("highdicom", reason="highdicom is not installed: pip install -e .[dicom]")

Workflow = Callable[..., ConfigWorkflow]
PATIENT = {"PatientID": "4711", "PatientName": "Roe^Jane"}


class Folder(NamedTuple):
    given: Path
    output: Path
    options: dict[str, Any]
    log: list[str]

    @property
    def rows(self) -> dict[str, dict[str, str]]:
        with open(self.output / "predictions.csv") as stream:
            return {Path(row["image"]).name: row for row in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def folder(
    finished: Workflow,
    lesion: Callable,
    dark: Callable,
    write_dicom: Callable,
    tmp_path_factory: pytest.TempPathFactory,
) -> Folder:
    """One run over the same photograph as PNG and as DICOM, one of known scale, one cut short, one that is a CT."""
    given, output = tmp_path_factory.mktemp("given"), tmp_path_factory.mktemp("out")
    pixels = lesion()[0]
    Image.fromarray(pixels).save(given / "plain.png")
    write_dicom(given / "colour.dcm", pixels, **PATIENT)
    write_dicom(given / "SCALED.DICOM", pixels, PixelSpacing=[0.1, 0.1], SOPInstanceUID="1.2.3.4.6")
    whole = write_dicom(given / "broken.dcm", pixels, **PATIENT).read_bytes()
    (given / "broken.dcm").write_bytes(whole[: len(whole) // 2])
    write_dicom(given / "slice.dcm", pixels[..., 0], SOPClassUID="1.2.840.10008.5.1.4.1.1.2", **PATIENT)
    options = {"dataset_dir": given, "output_dir": output, "view_sizes": [64], "dicom_seg": True, **dark()}
    log: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: log.append(record.getMessage())
    logger, level = logging.getLogger("mt_transunet"), logging.getLogger("mt_transunet").level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        finished("inference", **options)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    return Folder(given, output, options, log)


@pytest.fixture(scope="module")
def dark(dark_network: type, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], dict[str, Any]]:
    path = tmp_path_factory.mktemp("weights") / "dark_is_lesion.pt"
    torch.save(dark_network().state_dict(), path)
    return lambda: {"network_def": dark_network(), "weights": str(path)}


def mask_of(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)) > 0


def test_a_broken_object_and_a_ct_have_their_reasons_and_stop_nothing(folder: Folder) -> None:
    status = {name: row["status"] for name, row in folder.rows.items()}
    assert [name for name, said in status.items() if said == "ok"] == ["SCALED.DICOM", "colour.dcm", "plain.png"]
    assert "The number of bytes of pixel data is less than expected" in status["broken.dcm"]
    assert status["slice.dcm"].startswith("CT Image Storage is no photograph")


def test_a_photograph_has_the_same_mask_and_answers_as_dicom_as_it_has_as_png(folder: Folder) -> None:
    plain = mask_of(folder.output / "plain_mask.png")
    assert plain.any() and np.array_equal(mask_of(folder.output / "colour_mask.png"), plain)
    rows = folder.rows
    for key in ("nevus", "melanoma", "area_px", "flags"):
        assert rows["colour.dcm"][key] == rows["plain.png"][key]
    assert rows["colour.dcm"]["overlay"] == "colour_overlay.jpg" and (folder.output / "colour_overlay.jpg").is_file()


def test_the_scale_of_the_header_gives_millimetres_for_that_image_alone(folder: Folder) -> None:
    scaled = folder.rows["SCALED.DICOM"]
    assert float(scaled["area_mm2"]) == pytest.approx(0.01 * float(scaled["area_px"]))
    assert folder.rows["colour.dcm"]["area_mm2"] == folder.rows["plain.png"]["area_mm2"] == ""


def test_segmentation_objects_hold_the_png_masks(folder: Folder) -> None:
    assert sorted(path.name for path in folder.output.rglob("*.dcm")) == ["SCALED_mask.dcm", "colour_mask.dcm"]
    for name, instance in {"colour": "1.2.3.4.5", "SCALED": "1.2.3.4.6"}.items():
        found = hd.seg.segread(folder.output / f"{name}_mask.dcm")
        expected = mask_of(folder.output / f"{name}_mask.png")
        assert np.array_equal(found.pixel_array.reshape(expected.shape) > 0, expected)
        assert found.StudyInstanceUID == "1.2.3"
        assert found.SourceImageSequence[0].ReferencedSOPInstanceUID == instance


def test_the_log_says_once_that_other_images_have_no_object(folder: Folder) -> None:
    assert [line for line in folder.log if "DICOM" in line and "object" in line] == [
        "1 of them have no segmentation object: they came not as DICOM, or in several frames"
    ]


def test_nothing_of_the_patient_is_outside_the_segmentation_object(folder: Folder) -> None:
    texts = [path.read_bytes() for path in folder.output.rglob("*") if path.is_file() and path.suffix != ".dcm"]
    assert len(texts) > 8
    assert not [text for text in [*texts, *(line.encode() for line in folder.log)] if b"Roe" in text or b"4711" in text]
    assert hd.seg.segread(folder.output / "colour_mask.dcm").PatientID == "4711"


def test_a_second_call_makes_a_missing_object_again_and_it_is_the_same_file(finished: Workflow, folder: Folder) -> None:
    lost = folder.output / "colour_mask.dcm"
    kept, before = folder.output / "SCALED_mask.dcm", lost.read_bytes()
    stamp = os.stat(kept).st_mtime_ns
    lost.unlink()
    finished("inference", **folder.options)
    assert lost.read_bytes() == before and os.stat(kept).st_mtime_ns == stamp


def test_a_folder_that_holds_its_own_results_gives_the_same_images_again(
    finished: Workflow, dark: Callable, lesion: Callable, write_dicom: Callable, tmp_path: Path
) -> None:
    write_dicom(tmp_path / "a.dcm", lesion()[0])
    options = {"dataset_dir": tmp_path, "output_dir": tmp_path / "out", "dicom_seg": True, **dark()}
    finished("inference", **options)
    assert (tmp_path / "out" / "a_mask.dcm").is_file()
    finished("inference", **options)
    lines = (tmp_path / "out" / "predictions.csv").read_text().splitlines()
    assert len(lines) == 2 and lines[1].startswith(str(tmp_path / "a.dcm"))


def test_the_analyser_hands_the_scale_of_the_header_to_the_findings(folder: Folder, run: Path) -> None:
    analyse = Analyser(run, views="none")
    analyse.findings = lambda *_, millimetres_per_pixel, **known: {"scale": millimetres_per_pixel}
    assert analyse(folder.given / "SCALED.DICOM").row == {"scale": 0.1}
    assert analyse(folder.given / "plain.png").row == {"scale": None}
