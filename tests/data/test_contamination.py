# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import pickle

import pytest

from mt_transunet.data import ContaminationError, DataError, load_datalist
from mt_transunet.data.contamination import official_test_ids


def _add(isic, name, make, folder="Training"):
    make.image(isic / f"ISIC-2017_{folder}_Data" / name)
    (isic / f"ISIC-2017_{folder}_Part3_GroundTruth.csv").unlink(missing_ok=True)
    return isic


def test_the_packaged_list_has_the_600_ids():
    ids = official_test_ids()
    assert len(ids) == 600 and "ISIC_0012086" in ids
    assert not ids & {"ISIC_0012271", "ISIC_0012175"}


def test_the_packaged_list_is_the_given_one(real_data):
    assert official_test_ids() == set((real_data / "isic2017_test_ids.txt").read_text().split())


def test_twins_of_test_images_are_dropped_with_one_warning(isic, make, caplog):
    for name in ("ISIC_0012271.jpg", "ISIC_0012175.jpg"):
        _add(isic, name, make)
    lists = load_datalist(isic)
    assert len(lists["training"]) == 2 and lists["unlabelled"] == []
    lines = [record for record in caplog.records if "byte-identical" in record.message]
    assert [record.levelname for record in lines] == ["WARNING"]
    assert (
        "dropped ISIC_0012175 and ISIC_0012271" in lines[0].message and "2 training images remain" in lines[0].message
    )


@pytest.mark.parametrize("name", ["ISIC_0012086.jpg", "isic_0012086.JPG", "ISIC_0012086_downsampled.jpg"])
def test_a_test_id_in_training_stops_under_any_spelling(isic, make, name):
    _add(isic, name, make)
    with pytest.raises(ContaminationError, match="1 images of the official ISIC-2017 test .* ISIC_0012086; remove"):
        load_datalist(isic)


def test_a_test_id_in_the_second_stream_stops(isic, tmp_path, make):
    make.image(tmp_path / "more" / "ISIC_0012092.png")
    with pytest.raises(ContaminationError, match="ISIC_0012092"):
        load_datalist(isic, additional_dir=tmp_path / "more")


@pytest.mark.parametrize("entry", [("a.jpg", "ISIC_0012086"), ("ISIC_0012086.jpg", "a")])
def test_both_the_image_id_and_the_file_name_are_looked_at(tmp_path, make, entry):
    make.image(tmp_path / entry[0])
    (tmp_path / "datalist.json").write_text(json.dumps({"training": [{"image": entry[0], "image_id": entry[1]}]}))
    with pytest.raises(ContaminationError, match="ISIC_0012086"):
        load_datalist(tmp_path, splits="training")


def test_validation_and_test_lists_are_not_guarded(isic, make):
    _add(isic, "ISIC_0012086.jpg", make, folder="Validation")
    assert len(load_datalist(isic)["validation"]) == 2


def test_a_longer_number_is_another_id(isic, make):
    _add(isic, "ISIC_00120861.jpg", make)
    assert len(load_datalist(isic)["unlabelled"]) == 1


def test_the_error_is_a_data_error_that_survives_pickling():
    error = pickle.loads(pickle.dumps(ContaminationError("text")))
    assert isinstance(error, DataError) and str(error) == "text"
