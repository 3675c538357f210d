# SPDX-License-Identifier: Apache-2.0
"""A folder of images in, masks and a table out."""

from __future__ import annotations

import csv
import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from monai.bundle import ConfigWorkflow
from PIL import Image

from mt_transunet.networks import shipped_weights

Workflow = Callable[..., ConfigWorkflow]

PROBABILITIES = ("nevus", "melanoma", "seborrheic_keratosis")


class Folder(NamedTuple):
    """An input folder, what inference made of it, and the warnings that were shown."""

    given: Path
    output: Path
    rows: dict[str, dict[str, str]]
    warnings: list[str]


def rows_of(given: Path, output: Path) -> dict[str, dict[str, str]]:
    with open(output / "predictions.csv") as stream:
        return {str(Path(row["image"]).relative_to(given)): row for row in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def odd(finished: Workflow, lesion: Callable, run: Path, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """One run over a folder with everything people put into folders."""
    given, output = tmp_path_factory.mktemp("odd"), tmp_path_factory.mktemp("predictions")
    colour = Image.fromarray(lesion()[0])
    (given / "below" / "deeper").mkdir(parents=True)
    rotated = Image.Exif()
    rotated[0x0112] = 6  # Orientation: to be shown turned by a quarter
    colour.save(given / "turned.jpg", exif=rotated)
    colour.save(given / "below" / "deeper" / "scan.PNG")
    for name in ("twin.jpg", "twin.png", "plain.jpg", "below/plain.jpg"):
        colour.save(given / name)
    colour.convert("L").save(given / "grey.jpg")
    colour.convert("L").save(given / "grey2.jpg")
    colour.convert("RGBA").save(given / "transparent.png")
    colour.convert("CMYK").save(given / "cmyk.jpg")
    Image.fromarray(np.asarray(colour.convert("L")).astype(np.uint16) * 257).save(given / "sixteen.png")
    Image.new("RGB", (1, 1), "brown").save(given / "dot.png")
    whole = (given / "plain.jpg").read_bytes()
    (given / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (given / "text.jpg").write_text("I am a letter, not a picture.\n")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        finished("inference", dataset_dir=given, output_dir=output, weights=run)
    said = [str(entry.message) for entry in caught if "converted to" in str(entry.message)]
    return Folder(given, output, rows_of(given, output), said)


BAD = {"truncated.jpg", "text.jpg"}


def test_every_image_has_its_row(odd: Folder) -> None:
    images = {str(path.relative_to(odd.given)) for path in odd.given.rglob("*") if path.is_file()}
    assert set(odd.rows) == images
    assert {name for name, row in odd.rows.items() if row["status"] != "ok"} == BAD


def test_rows_start_with_the_columns_of_the_design(odd: Folder) -> None:
    header = (odd.output / "predictions.csv").read_text().splitlines()[0].split(",")
    assert header[:6] == ["image", "status", *PROBABILITIES, "predicted"]


def test_probabilities_sum_to_one_and_the_largest_is_predicted(odd: Folder) -> None:
    for name in set(odd.rows) - BAD:
        values = {key: float(odd.rows[name][key]) for key in PROBABILITIES}
        assert sum(values.values()) == pytest.approx(1.0, abs=1e-5)
        assert odd.rows[name]["predicted"] == max(values, key=values.get)


@pytest.mark.parametrize(("name", "reason"), [("truncated.jpg", "truncated"), ("text.jpg", "cannot identify")])
def test_a_file_that_does_not_decode_has_its_reason_and_no_mask(odd: Folder, name: str, reason: str) -> None:
    assert reason in odd.rows[name]["status"].lower()
    assert odd.rows[name]["predicted"] == ""
    assert not list(odd.output.glob(f"{Path(name).stem}*"))


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("plain.jpg", "plain_mask.png"),
        ("below/plain.jpg", "below/plain_mask.png"),
        ("below/deeper/scan.PNG", "below/deeper/scan_mask.png"),
        ("twin.jpg", "twin.jpg_mask.png"),
        ("twin.png", "twin.png_mask.png"),
        ("dot.png", "dot_mask.png"),
        ("turned.jpg", "turned_mask.png"),
    ],
)
def test_the_mask_lies_where_the_image_lay_under_its_stem(odd: Folder, image: str, mask: str) -> None:
    assert odd.rows[image]["mask"] == mask
    assert (odd.output / mask).is_file()


def test_there_is_a_mask_for_every_readable_image_and_no_other(odd: Folder) -> None:
    masks = {str(path.relative_to(odd.output)) for path in odd.output.rglob("*_mask.png")}
    assert masks == {row["mask"] for name, row in odd.rows.items() if name not in BAD}


def test_masks_are_0_or_255_at_the_size_of_the_stored_image(odd: Folder) -> None:
    for name in set(odd.rows) - BAD:
        mask = Image.open(odd.output / odd.rows[name]["mask"])
        assert mask.mode == "L"
        assert mask.size == Image.open(odd.given / name).size
        assert set(np.unique(np.asarray(mask))) <= {0, 255}


def test_a_file_that_asks_viewers_to_turn_it_says_so_and_no_other(odd: Folder) -> None:
    assert [name for name, row in odd.rows.items() if "exif_rotated" in row.get("flags", "")] == ["turned.jpg"]


def test_an_image_that_the_shipped_weights_learned_from_says_so_and_no_other(
    finished: Callable[..., ConfigWorkflow], odd: Folder, tmp_path: Path
) -> None:
    for name in ("ISIC_0000000.jpg", "new.jpg"):  # the first is one of the challenge's training images
        (tmp_path / "given").mkdir(exist_ok=True)
        shutil.copyfile(odd.given / "plain.jpg", tmp_path / "given" / name)
    told = {"weights": shipped_weights("lite"), "overlays": False}
    finished("inference", dataset_dir=tmp_path / "given", output_dir=tmp_path / "out", **told)
    with open(tmp_path / "out" / "predictions.csv") as stream:
        flagged = {Path(row["image"]).name: "seen_in_training" in row["flags"] for row in csv.DictReader(stream)}
    assert flagged == {"ISIC_0000000.jpg": True, "new.jpg": False}


def test_each_kind_of_conversion_is_said_once(odd: Folder) -> None:
    assert len(odd.warnings) == 5, odd.warnings
    for word in ("grey image", "transparent", "CMYK", "16-bit", "1-pixel"):
        assert sum(word in line for line in odd.warnings) == 1, word


def test_overlays_lie_beside_the_masks_and_a_page_above_all(odd: Folder) -> None:
    for name in set(odd.rows) - BAD:
        overlay = Image.open(odd.output / odd.rows[name]["overlay"])
        overlay.load()
    assert (odd.output / "report.html").is_file()


def test_the_page_and_the_json_say_what_made_them(odd: Folder, run: Path) -> None:
    settings = json.loads((odd.output / "predictions.json").read_text())["settings"]
    assert settings["weights"] == str(run) and settings["melanoma_threshold"] is None  # of a run that nobody measured
    page = (odd.output / "report.html").read_text()
    assert f"<dd>{run}</dd>" in page and settings["weights_sha256"] in page


def test_nothing_unfinished_is_left(odd: Folder) -> None:
    assert [path.name for path in odd.output.rglob(".*")] == []


def test_a_second_run_does_not_take_the_first_ones_masks_for_images(
    finished: Workflow, lesion: Callable, run: Path, tmp_path: Path
) -> None:
    Image.fromarray(lesion()[0]).save(tmp_path / "a.png")
    for _ in range(2):
        finished("inference", dataset_dir=tmp_path, output_dir=tmp_path / "out", weights=run)
        assert set(rows_of(tmp_path, tmp_path / "out")) == {"a.png"}


def test_masks_may_be_written_beside_the_images(
    finished: Workflow, lesion: Callable, run: Path, tmp_path: Path
) -> None:
    Image.fromarray(lesion()[0]).save(tmp_path / "a.png")
    for _ in range(2):
        finished("inference", dataset_dir=tmp_path, output_dir=tmp_path, weights=run)
    assert set(rows_of(tmp_path, tmp_path)) == {"a.png"}


def test_a_challenge_folder_is_read_whole(finished: Workflow, synthetic: Path, run: Path, tmp_path: Path) -> None:
    finished("inference", dataset_dir=synthetic, output_dir=tmp_path, weights=run, overlays=False)
    assert len(rows_of(synthetic, tmp_path)) == 6 + 3 + 3


def test_the_answer_does_not_depend_on_what_else_is_in_the_folder(
    finished: Workflow, odd: Folder, run: Path, tmp_path: Path
) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "plain.jpg").write_bytes((odd.given / "plain.jpg").read_bytes())
    finished("inference", dataset_dir=tmp_path / "given", output_dir=tmp_path / "out", weights=run)
    alone = rows_of(tmp_path / "given", tmp_path / "out")["plain.jpg"]
    assert [float(alone[key]) for key in PROBABILITIES] == pytest.approx(
        [float(odd.rows["plain.jpg"][key]) for key in PROBABILITIES], abs=1e-5
    )


def test_only_the_weights_decide_and_not_the_seed(finished: Workflow, odd: Folder, run: Path, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "plain.jpg").write_bytes((odd.given / "plain.jpg").read_bytes())
    workflow = finished("inference", dataset_dir=tmp_path / "given", output_dir=tmp_path / "out", weights=run, seed=7)
    mask = np.asarray(Image.open(tmp_path / "out" / "plain_mask.png"))
    assert np.array_equal(mask, np.asarray(Image.open(odd.output / "plain_mask.png")))
    saved = torch.load(run / "model.pt", weights_only=True)
    used = workflow.parser.get_parsed_content("network").state_dict()
    assert all(torch.equal(used[key], saved[key]) for key in saved)
