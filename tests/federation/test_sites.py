# SPDX-License-Identifier: Apache-2.0
"""A dataset divided into sites, as the NVFlare example does it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from mt_transunet.data import DataError, load_datalist, write_synthetic_dataset

EXAMPLE = Path(__file__).resolve().parents[2] / "integrations" / "nvflare"
NAMES = ("a", "b", "c")


def module(name: str) -> Any:
    """A file of the example, which is no package."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLE / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "synthetic"
    return write_synthetic_dataset(folder, training=12, validation=6, test=0, additional=6)


@pytest.fixture(scope="module")
def divided(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, int]]]:
    folder = tmp_path_factory.mktemp("divided")
    counts = module("sites").divide(
        whole, folder, names=NAMES, diagnoses_only=("c",), additional_dir=whole / "additional"
    )
    return folder, counts


def test_every_image_is_at_one_site(divided: tuple, whole: Path) -> None:
    here = load_datalist(whole, additional_dir=whole / "additional")
    for split, expected in (("training", here["training"] + here["unlabelled"]), ("validation", here["validation"])):
        lists = [json.loads((divided[0] / name / "datalist.json").read_text())[split] for name in NAMES]
        assert sorted(item["image"] for items in lists for item in items) == sorted(item["image"] for item in expected)


def test_a_site_with_diagnoses_only_has_no_mask_in_any_split(divided: tuple) -> None:
    lists = json.loads((divided[0] / "c" / "datalist.json").read_text())
    assert len(lists["training"]) > 0
    assert not any("mask" in item for items in lists.values() for item in items)
    assert all("label" in item for item in lists["training"])


def test_the_counts_are_those_of_the_lists_as_the_bundle_reads_them(divided: tuple) -> None:
    for name in NAMES:
        lists = load_datalist(divided[0] / name)
        found = {
            "training": len(lists["training"]) + len(lists["unlabelled"]),
            "masks": len(lists["training"]),
            "validation": len(lists["validation"]),
        }
        assert divided[1][name] == found


def test_a_site_that_gets_nothing_to_train_on_is_refused(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gets no training image .* take fewer sites or more images"):
        module("sites").divide(whole, tmp_path, names=[f"site-{number}" for number in range(40)])


def test_the_images_of_a_patient_are_at_one_site(whole: Path, tmp_path: Path) -> None:
    images = sorted((whole / "ISIC-2017_Training_Data").glob("*.jpg"))
    items = [{"image": str(path), "label": 0, "group": f"P{place % 3}"} for place, path in enumerate(images)]
    (tmp_path / "datalist.json").write_text(json.dumps({"training": items}))
    # P0, P1, P2: the first site gets the patients whose hash is even, whatever their images are called
    module("sites").divide(tmp_path, tmp_path, names=NAMES[:2])
    lists = [json.loads((tmp_path / name / "datalist.json").read_text())["training"] for name in NAMES[:2]]
    at = [{item["group"] for item in items} for items in lists]
    assert at[0] | at[1] == {"P0", "P1", "P2"} and not at[0] & at[1]
