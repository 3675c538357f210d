# SPDX-License-Identifier: Apache-2.0
"""A folder that holds another run, and what tells one run from another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigWorkflow

from mt_transunet.seen_images import learned_from

Workflow = Callable[..., ConfigWorkflow]

TVERSKY = {"_target_": "TverskyLoss", "include_background": False, "softmax": True, "to_onehot_y": True, "beta": 0.7}


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rate": 1e-3},
        {"loss#sharpness": 500.0},
        {"loss#label_smoothing": 0.3},
        {"optimizer#weight_decay": 0.5},
        {"optimizer#_target_": "torch.optim.Adam"},
        {"loss#dice_loss": TVERSKY},
    ],
)
def test_another_recipe_is_refused_before_the_record_is_replaced(
    finished: Workflow, synthetic: Path, tmp_path: Path, change: dict
) -> None:
    told = {"dataset_dir": synthetic, "output_dir": tmp_path, "max_iterations": 1}
    finished("training", **told)
    record = (tmp_path / "config.json").read_text()
    with pytest.raises(RuntimeError) as raised:
        finished("training", **told, **change)
    named = next(iter(change)).replace("optimizer#_target_", "optimizer").split("#")[-1]
    assert f"{named} " in str(raised.value.__cause__)
    assert (tmp_path / "config.json").read_text() == record


def test_config_json_tells_the_optimizer_schedule_and_loss_that_were_built(
    finished: Workflow, synthetic: Path, tmp_path: Path
) -> None:
    sgd = {"_target_": "torch.optim.SGD", "params": "@parameter_groups", "lr": 0.01, "momentum": 0.9}
    step = {"_target_": "torch.optim.lr_scheduler.StepLR", "optimizer": "@optimizer", "step_size": 1}
    blocks = {"optimizer": sgd, "lr_scheduler": step, "loss#dice_loss": TVERSKY, "loss#detach_mask": False}
    finished("training", dataset_dir=synthetic, output_dir=tmp_path, max_iterations=1, **blocks)
    settings = json.loads((tmp_path / "config.json").read_text())["settings"]
    assert settings["optimizer"] == "SGD(lr=[0.0003, 0.01], momentum=0.9)"
    assert (settings["learning_rate"], settings["weight_decay"], settings["schedule"]) == (0.01, 0.0, "StepLR")
    assert settings["dice_loss"].startswith("TverskyLoss(") and settings["detach_mask"] is False


def test_resume_false_starts_anew(finished: Workflow, synthetic: Path, tmp_path: Path) -> None:
    told = {"dataset_dir": synthetic, "output_dir": tmp_path, "max_iterations": 1}
    finished("training", **told, seed=1)
    finished("training", **told, seed=2, resume=False)
    saved = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert saved["identity"]["seed"] == 2


def test_a_new_run_keeps_the_weights_of_the_earlier_one_with_their_own_list(
    finished: Workflow, synthetic: Path, tmp_path: Path
) -> None:
    told = {"dataset_dir": synthetic, "output_dir": tmp_path, "max_iterations": 1}
    finished("training", **told)
    weights, images = (tmp_path / "model.pt").read_bytes(), learned_from(tmp_path / "model.pt")
    finished("training", **told | {"max_iterations": 100}, resume=False, fold=1, max_minutes=1e-6)
    assert (tmp_path / "earlier" / "model.pt").read_bytes() == weights
    assert learned_from(tmp_path / "earlier" / "model.pt") == images
    assert learned_from(tmp_path / "model.pt") < images
