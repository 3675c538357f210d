# SPDX-License-Identifier: Apache-2.0
"""Views at inference: where masks lie, and how many passes there are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from monai.bundle import ConfigWorkflow
from PIL import Image

Workflow = Callable[..., ConfigWorkflow]


def overlap(mask: Path, inside: np.ndarray) -> float:
    found = np.asarray(Image.open(mask)) == 255
    return float((found & inside).sum() / (found | inside).sum())


@pytest.mark.parametrize("views", ["none", "fast", "paper"])
def test_the_mask_fits_the_image_pixel_by_pixel(
    finished: Workflow, lesion: Callable, dark_is_lesion: dict[str, Any], tmp_path: Path, views: str
) -> None:
    given, output = tmp_path / "given", tmp_path / "out"
    given.mkdir()
    turned = Image.Exif()
    turned[0x0112] = 6
    wide, wide_truth = lesion(96, 64)
    tall, tall_truth = lesion(64, 160)
    Image.fromarray(wide).save(given / "wide.png")
    Image.fromarray(tall).save(given / "tall.jpg", quality=95)
    Image.fromarray(wide).save(given / "turned.jpg", quality=95, exif=turned)
    finished(
        "inference",
        dataset_dir=given,
        output_dir=output,
        views=views,
        view_sizes=[48, 64] if views == "paper" else [64],
        overlays=False,
        **dark_is_lesion,
    )
    for name, truth in {"wide": wide_truth, "tall": tall_truth, "turned": wide_truth}.items():
        assert overlap(output / f"{name}_mask.png", truth) > 0.9, name
    assert not list(output.glob("*_overlay*"))


@pytest.mark.parametrize(("views", "passes"), [("none", 1), ("fast", 4), ("paper", 18)])
def test_views_are_counted(
    finished: Workflow, lesion: Callable, dark_is_lesion: dict[str, Any], tmp_path: Path, views: str, passes: int
) -> None:
    (tmp_path / "given").mkdir()
    Image.fromarray(lesion()[0]).save(tmp_path / "given" / "a.png")
    sizes = [32, 48, 64] if views == "paper" else [32]
    told = {"dataset_dir": tmp_path / "given", "output_dir": tmp_path / "out", "overlays": False, **dark_is_lesion}
    finished("inference", **told, views=views, view_sizes=sizes)
    assert len(dark_is_lesion["network_def"].seen) == passes


def test_the_default_views_are_fast_at_the_size_of_the_variant(prepared: Workflow) -> None:
    from mt_transunet import networks

    config = json.loads((Path(__file__).resolve().parents[2] / "bundle/configs/inference.json").read_text())
    assert config["views"] == "@displayable_configs#views" and config["displayable_configs"]["views"] == "fast"
    sizes = {"lite": ([192], [160, 192, 224]), "paper": ([224], [224, 256, 288])}
    assert set(sizes) == set(networks.VARIANTS)
    for variant, (one, three) in sizes.items():
        for views, expected in (("fast", one), ("paper", three)):
            workflow = prepared("inference", variant=variant, views=views)
            workflow.parser["view_sizes"] = config["view_sizes"]
            assert workflow.parser.get_parsed_content("view_sizes") == expected
