# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import json
import logging
import shutil

import numpy as np
import pytest
from PIL import Image

from mt_transunet.engines import PredictionJournal, PredictionWriter, prediction


def said(photograph, mask, output, **scale):
    """Stands for Findings: what it was given, in one row."""
    return {"predicted": "melanoma", "melanoma": 0.7, "flags": ["hair", "no_lesion"], "area": int(mask.sum())}


@pytest.fixture
def writer(tmp_path):
    def build(**options):
        output_dir = tmp_path / "out"
        journal = PredictionJournal(output_dir, settings={"views": "fast"})
        given = {
            "saving": lambda output: None,
            "names": lambda path: path,
            "journal": journal,
            "findings": said,
            **options,
        }
        return PredictionWriter(output_dir, **given)

    return build


def table(folder):
    return list(csv.DictReader((folder / "predictions.csv").open()))


def processed(writer, fire, state_of, *paths):
    """The writer after an engine has gone through the images, whose masks lie on the disk as SaveImaged leaves them."""
    for path in paths:
        mask = writer.output_dir / f"{writer.names[path]}_mask.png"
        mask.parent.mkdir(parents=True, exist_ok=True)
        mask.touch()
    fire(writer, [tuple([part] for part in state_of(path)) for path in paths])
    return writer


def test_a_row_holds_what_was_found_and_the_names_of_the_files(tmp_path, writer, fire, state_of, photograph):
    found = processed(writer(names={photograph: "sub/ISIC_7"}), fire, state_of, photograph)
    found.finish([photograph], {})
    # the lesion is 30 x 20 of 60 x 40 pixels
    assert table(tmp_path / "out") == [
        {
            "image": photograph,
            "status": "ok",
            "predicted": "melanoma",
            "melanoma": "0.7",
            "flags": "hair; no_lesion",
            "area": "600",
            "mask": "sub/ISIC_7_mask.png",
            "overlay": "sub/ISIC_7_overlay.jpg",
        }
    ]
    assert (tmp_path / "out" / "sub" / "ISIC_7_overlay.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_findings_get_photograph_and_mask_with_rows_before_columns(writer, fire, state_of, photograph):
    seen = []

    def keep(picture, mask, output, **scale):
        seen.append((picture.shape, mask.shape, int(np.flatnonzero(mask.any(axis=1))[0])))
        return said(picture, mask, output)

    processed(writer(names={photograph: "a"}, findings=keep), fire, state_of, photograph)
    assert seen == [((40, 60, 3), (40, 60), 10)]


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_findings_are_told_the_file_and_whether_viewers_turn_it(tmp_path, writer, fire, state_of, photograph, mode):
    tags, seen = Image.Exif(), []
    tags[0x0112] = 6
    turned = str(tmp_path / "turned.png")
    Image.open(photograph).convert(mode).save(turned, exif=tags)

    def keep(picture, mask, output, *, millimetres_per_pixel, turned, path):
        seen.append((path, turned))
        return said(picture, mask, output)

    options = {"names": {photograph: "a", turned: "b"}, "findings": keep, "overlays": False}
    processed(writer(**options), fire, state_of, photograph, turned)
    assert seen == [(photograph, False), (str(tmp_path / "turned.png"), True)]


def test_overlays_can_be_switched_off(tmp_path, writer, fire, state_of, photograph, monkeypatch):
    monkeypatch.setattr(prediction, "encoded_panel", lambda *_: 1 / 0)
    processed(writer(names={photograph: "a"}, overlays=False), fire, state_of, photograph).finish([photograph], {})
    row = table(tmp_path / "out")[0]
    assert row["overlay"] == "" and row["mask"] == "a_mask.png"
    assert not list((tmp_path / "out").glob("*.jpg"))


def test_the_tables_also_hold_what_an_earlier_call_has_done(tmp_path, writer, fire, state_of, photograph):
    other = shutil.copy(photograph, tmp_path / "other.png")
    names = {photograph: "a", str(other): "b"}
    processed(writer(names=names), fire, state_of, photograph)
    later = processed(writer(names=names), fire, state_of, str(other))
    later.finish([str(other), photograph], {})
    assert [row["image"] for row in table(tmp_path / "out")] == [str(other), photograph]


def test_the_json_keeps_types_and_settings(tmp_path, writer, fire, state_of, photograph):
    processed(writer(names={photograph: "a"}), fire, state_of, photograph).finish([photograph], {"b.jpg": "truncated"})
    content = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert content["settings"] == {"views": "fast"}
    assert content["images"][0]["flags"] == ["hair", "no_lesion"] and content["images"][0]["area"] == 600
    assert content["images"][1] == {"image": "b.jpg", "status": "truncated"}


def test_the_json_says_what_no_image_is_done_again_for(tmp_path, writer, fire, state_of, photograph):
    options = {"names": {photograph: "a"}}
    processed(writer(**options), fire, state_of, photograph)
    writer(**options, said={"weights": "moved/model.pt"}).finish([photograph], {})
    content = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert content["settings"] == {"weights": "moved/model.pt", "views": "fast"}
    assert [row["image"] for row in content["images"]] == [photograph]


def test_the_masks_are_written_for_annotation_tools(tmp_path, writer, fire, state_of, photograph):
    processed(writer(names={photograph: "a"}), fire, state_of, photograph).finish([photograph], {})
    content = json.loads((tmp_path / "out" / "annotations.json").read_text())
    assert content["images"] == [{"id": 1, "file_name": photograph, "height": 40, "width": 60}]
    # 30 columns from 20 on, 20 rows from 10 on
    assert content["annotations"][0]["bbox"] == [20, 10, 30, 20] and content["annotations"][0]["area"] == 600


def test_an_image_is_not_done_while_a_file_made_from_it_is_missing(tmp_path, writer, fire, state_of, photograph):
    options = {"names": {photograph: "a"}, "more_files": ["_mask.nii.gz"]}
    processed(writer(**options), fire, state_of, photograph)
    assert writer(**options).journal.left([photograph]) == [photograph]
    (tmp_path / "out" / "a_mask.nii.gz").touch()
    assert writer(**options).journal.left([photograph]) == []


def test_the_journal_begins_before_the_first_file_is_written(tmp_path, writer, fire, state_of, photograph):
    found = []

    def saving(output):
        found.append((tmp_path / "out" / "predictions.jsonl").read_text())

    processed(writer(names={photograph: "a"}, saving=saving, overlays=False), fire, state_of, photograph)
    assert found == ['{"settings": {"views": "fast"}}\n']


def test_refused_images_have_their_row_and_are_logged_last(tmp_path, writer, fire, state_of, photograph, caplog):
    found = processed(writer(names={photograph: "a"}, overlays=False), fire, state_of, photograph)
    with caplog.at_level(logging.INFO, logger="mt_transunet.engines.prediction"):
        found.finish([photograph], {"b.jpg": "truncated"})
    assert [(row["image"], row["status"], row["mask"]) for row in table(tmp_path / "out")] == [
        (photograph, "ok", "a_mask.png"),
        ("b.jpg", "truncated", ""),
    ]
    assert "1 images segmented" in caplog.messages[-2] and caplog.messages[-1] == "not processed: b.jpg: truncated"


def test_a_photograph_that_came_as_dicom_gives_its_scale_and_has_a_segmentation_object(
    tmp_path, writer, fire, state_of, photograph, write_dicom, caplog
):
    scanned = str(write_dicom(tmp_path / "scan.dcm", np.full((40, 60, 3), 200, np.uint8), PixelSpacing=[0.1, 0.1]))
    scales, asked = [], []

    def keep(picture, mask, output, *, millimetres_per_pixel, **_):
        scales.append(millimetres_per_pixel)
        return said(picture, mask, output)

    def dicom_seg(path, mask):
        asked.append((path, int(mask.sum())))
        return b"object"

    names = {photograph: "a", scanned: "sub/scan"}
    options = {"names": names, "findings": keep, "dicom_seg": dicom_seg, "overlays": False}
    found = processed(writer(**options), fire, state_of, photograph, scanned)
    assert scales == [None, 0.1] and asked == [(scanned, 600)]
    assert (tmp_path / "out" / "sub" / "scan_mask.dcm").read_bytes() == b"object"
    with caplog.at_level(logging.INFO, logger="mt_transunet.engines.prediction"):
        found.finish([photograph, scanned], {})
    assert "1 of them have no segmentation object: they came not as DICOM, or in several frames" in caplog.messages
    (tmp_path / "out" / "sub" / "scan_mask.dcm").unlink()
    assert writer(**options).journal.left([photograph, scanned]) == [scanned]


def test_a_photograph_whose_header_allows_no_object_is_done_without_one(
    tmp_path, writer, fire, state_of, photograph, write_dicom
):
    scanned = str(write_dicom(tmp_path / "scan.dcm", np.full((40, 60, 3), 200, np.uint8)))
    options = {"names": {scanned: "scan"}, "dicom_seg": lambda path, mask: None, "overlays": False}
    processed(writer(**options), fire, state_of, scanned)
    assert writer(**options).journal.left([scanned]) == []
