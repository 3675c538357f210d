# SPDX-License-Identifier: Apache-2.0
"""``--sharpness_radius`` in a training, and in every config that lists the handlers of one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigWorkflow

Workflow = Callable[..., ConfigWorkflow]


def weights(run: Path) -> dict[str, torch.Tensor]:
    return torch.load(run / "model.pt", weights_only=True)


@pytest.fixture(scope="module")
def trained(finished: Workflow, synthetic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sharpness")
    told = {"dataset_dir": synthetic, "max_iterations": 2, "keep": "last"}
    finished("training", output_dir=folder / "with", sharpness_radius=0.05, **told)
    finished("training", output_dir=folder / "without", **told)
    return folder


def test_it_leads_elsewhere(trained: Path) -> None:
    found, plain = weights(trained / "with"), weights(trained / "without")
    assert not torch.equal(found["class_head.weight"], plain["class_head.weight"])
    settings = json.loads((trained / "with" / "config.json").read_text())["settings"]
    assert settings["sharpness_radius"] == 0.05


def test_another_radius_does_not_go_on_in_the_same_folder(
    finished: Workflow, synthetic: Path, trained: Path, tmp_path: Path
) -> None:
    checkpoint = torch.load(trained / "without" / "checkpoint.pt", weights_only=True)
    del checkpoint["identity"]["sharpness_radius"]  # as a version before 0.8.0 left it
    torch.save(checkpoint, tmp_path / "checkpoint.pt")
    told = {"dataset_dir": synthetic, "max_iterations": 2, "keep": "last", "output_dir": tmp_path}
    with pytest.raises(Exception) as raised:
        finished("training", sharpness_radius=0.05, **told)
    assert "sharpness_radius 0.0 there, 0.05 now" in str(raised.value) + str(raised.value.__cause__)


@pytest.mark.parametrize("name", ["train.json", "federated.json"])
def test_the_gradient_is_clipped_behind_it(configs: Path, name: str) -> None:
    config = json.loads((configs / name).read_text())
    handlers = config["train"]["handlers"] if "train" in config else config["train#handlers"]
    targets = [handler["_target_"].rsplit(".", 1)[-1] for handler in handlers]
    assert targets.index("SharpnessAware") + 1 == targets.index("GradientClipping")
