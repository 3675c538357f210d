# SPDX-License-Identifier: Apache-2.0
"""Long folders, second calls, several networks, and the files other programs take."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow
from PIL import Image

from mt_transunet import load_network
from mt_transunet.analysis import Analyser

Workflow = Callable[..., ConfigWorkflow]


@pytest.fixture
def given(lesion: Callable, tmp_path: Path) -> Path:
    """Three images of different sizes in a folder."""
    folder = tmp_path / "given"
    folder.mkdir()
    for name, size in (("a", (96, 64)), ("b", (64, 96)), ("c", (80, 80))):
        Image.fromarray(lesion(*size)[0]).save(folder / f"{name}.png")
    return folder


def rows_of(output: Path) -> dict[str, dict[str, str]]:
    with open(output / "predictions.csv") as stream:
        return {Path(row["image"]).name: row for row in csv.DictReader(stream)}


def test_a_second_call_does_only_the_new_images(
    finished: Workflow, dark_is_lesion: dict[str, Any], given: Path, tmp_path: Path
) -> None:
    options = {"dataset_dir": given, "output_dir": tmp_path / "out", **dark_is_lesion}
    network = dark_is_lesion["network_def"]
    finished("inference", **options)
    before = rows_of(tmp_path / "out")
    Image.open(given / "a.png").rotate(180).save(given / "d.png")
    network.seen.clear()
    finished("inference", **options)
    assert len(network.seen) == 1
    after = rows_of(tmp_path / "out")
    assert set(after) == {"a.png", "b.png", "c.png", "d.png"} and {name: after[name] for name in before} == before


def test_a_call_with_nothing_left_writes_the_tables_again(
    finished: Workflow, dark_is_lesion: dict[str, Any], given: Path, tmp_path: Path
) -> None:
    options = {"dataset_dir": given, "output_dir": tmp_path / "out", **dark_is_lesion}
    finished("inference", **options)
    written = (tmp_path / "out" / "predictions.csv").read_text()
    for name in ("predictions.csv", "report.html"):
        (tmp_path / "out" / name).unlink()
    finished("inference", **options)
    assert (tmp_path / "out" / "predictions.csv").read_text() == written
    assert (tmp_path / "out" / "report.html").is_file()


def test_an_interrupted_call_goes_on_and_ends_as_if_it_had_not_been(
    finished: Workflow, dark_is_lesion: dict[str, Any], given: Path, tmp_path: Path
) -> None:
    options = {"dataset_dir": given, "output_dir": tmp_path / "out", **dark_is_lesion}
    network = dark_is_lesion["network_def"]
    forward, calls = network.forward, []

    def stops_at_the_third(image: torch.Tensor) -> dict[str, torch.Tensor]:
        calls.append(image)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return forward(image)

    network.forward = stops_at_the_third
    with pytest.raises(KeyboardInterrupt):
        finished("inference", **options)
    network.forward = forward
    network.seen.clear()
    finished("inference", **options)
    assert len(network.seen) == 1
    finished("inference", **{**options, "output_dir": tmp_path / "whole"})
    assert rows_of(tmp_path / "out") == rows_of(tmp_path / "whole")


def test_other_settings_do_every_image_again(
    finished: Workflow, dark_is_lesion: dict[str, Any], given: Path, tmp_path: Path
) -> None:
    options = {"dataset_dir": given, "output_dir": tmp_path / "out", **dark_is_lesion}
    finished("inference", **options)
    dark_is_lesion["network_def"].seen.clear()
    finished("inference", **options, merge="probabilities")
    assert len(dark_is_lesion["network_def"].seen) == 3


def test_settings_whose_first_image_was_not_finished_leave_none_done_for_those_before(
    finished: Workflow, dark_is_lesion: dict[str, Any], given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"dataset_dir": given, "output_dir": tmp_path / "out", **dark_is_lesion}
    finished("inference", **options)

    def killed(*_: Any) -> None:  # behind the first mask
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("mt_transunet.engines.prediction.encoded_panel", killed)
        finished("inference", **options, merge="probabilities")
    dark_is_lesion["network_def"].seen.clear()
    finished("inference", **options)
    assert len(dark_is_lesion["network_def"].seen) == 3


def test_a_nifti_mask_is_the_png_mask_columns_first(
    finished: Workflow, dark_is_lesion: dict[str, Any], given: Path, tmp_path: Path
) -> None:
    finished("inference", dataset_dir=given, output_dir=tmp_path / "out", nifti=True, **dark_is_lesion)
    picture = np.asarray(Image.open(tmp_path / "out" / "a_mask.png"))
    volume = nibabel.load(tmp_path / "out" / "a_mask.nii.gz")
    assert np.array_equal(np.squeeze(volume.get_fdata()).T > 0, picture > 0) and picture.any()
    # columns towards the left, rows towards the back: minus in NIfTI's right, front, head
    assert np.array_equal(volume.affine, np.diag([-1, -1, 1, 1]))


def test_run_lengths_are_the_png_mask(
    finished: Workflow, dark_is_lesion: dict[str, Any], given: Path, tmp_path: Path
) -> None:
    finished("inference", dataset_dir=given, output_dir=tmp_path / "out", **dark_is_lesion)
    content = json.loads((tmp_path / "out" / "annotations.json").read_text())
    for annotation in content["annotations"]:
        name = Path(content["images"][annotation["image_id"] - 1]["file_name"]).stem
        counts = annotation["rle"]["counts"]
        inside = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
        mask = np.asarray(Image.open(tmp_path / "out" / f"{name}_mask.png")) > 0
        assert np.array_equal(inside.reshape(annotation["rle"]["size"], order="F"), mask)
    assert len(content["annotations"]) == 3


def test_several_weights_answer_with_the_mean_of_their_logits(
    finished: Workflow, dark_is_lesion: dict[str, Any], given: Path, tmp_path: Path
) -> None:
    network = dark_is_lesion["network_def"]
    files = []
    for number, bias in enumerate(([3.0, 0.0, 0.0], [0.0, 1.0, 0.0])):
        torch.save({"bias": torch.tensor(bias)}, tmp_path / f"{number}.pt")
        files.append(str(tmp_path / f"{number}.pt"))
    torch.save({"bias": torch.tensor([1.5, 0.5, 0.0])}, tmp_path / "mean.pt")
    together, mean = tmp_path / "together", tmp_path / "mean"
    for output, weights in ((together, files), (mean, str(tmp_path / "mean.pt"))):
        finished("inference", dataset_dir=given, output_dir=output, network_def=network, weights=weights)
    for name, row in rows_of(mean).items():
        for key in ("nevus", "melanoma", "seborrheic_keratosis", "lesion_fraction", "agreement"):
            assert float(rows_of(together)[name][key]) == pytest.approx(float(row[key]), abs=1e-5)


@pytest.mark.parametrize("views", ["none", "fast", "paper"])
def test_the_analyser_says_what_the_bundle_says(
    finished: Workflow, run: Path, given: Path, tmp_path: Path, views: str
) -> None:
    analyse = Analyser(run, views=views)
    sizes = analyse.inferer.sizes
    finished("inference", dataset_dir=given, output_dir=tmp_path / "out", weights=run, views=views, view_sizes=sizes)
    for name, row in rows_of(tmp_path / "out").items():
        found = analyse(given / name)
        for key, value in found.row.items():
            if isinstance(value, float):
                assert value == pytest.approx(float(row[key]), abs=1e-4, rel=1e-4), key
        mask = np.asarray(Image.open(tmp_path / "out" / row["mask"])) > 0
        assert np.array_equal(found.mask, mask)


def test_the_analyser_flags_a_file_that_viewers_turn(run: Path, given: Path, tmp_path: Path) -> None:
    analyse, turned = Analyser(run, views="none"), Image.Exif()
    turned[0x0112] = 6
    with Image.open(next(given.glob("*.*"))) as photograph:
        photograph.convert("RGB").save(tmp_path / "turned.jpg", exif=turned)
    assert "exif_rotated" in analyse(tmp_path / "turned.jpg").row["flags"]
    with Image.open(tmp_path / "turned.jpg") as opened:
        assert "exif_rotated" in analyse(opened).row["flags"]
        assert "exif_rotated" not in analyse(np.asarray(opened)).row["flags"]


@pytest.mark.parametrize(
    "files", [["inference.json"], ["train.json", "evaluate.json"]], ids=["inference", "evaluating"]
)
@pytest.mark.parametrize(
    "changed, measured",
    [
        ({}, "fast"),
        ({"hair_removal": True}, "custom"),
        ({"colour_constancy": True}, "custom"),
        ({"decision": "half"}, "custom"),
    ],
)
def test_what_was_measured_holds_for_the_usual_options_only(
    configs: Path, files: list[str], changed: dict[str, Any], measured: str
) -> None:
    parser = ConfigParser()
    parser.read_config([configs / name for name in files])
    parser.update({"views": "fast", "dataset_dir": ".", **changed})
    assert parser.get_parsed_content("measured_as") == measured


def test_the_analyser_asks_for_the_sizes_of_eighteen_views(tmp_path: Path) -> None:
    torch.save(load_network("lite").state_dict(), tmp_path / "mine.pt")
    with pytest.raises(ValueError, match="nothing beside .*mine.pt names the sizes of its eighteen views"):
        Analyser(tmp_path / "mine.pt", views="paper")
