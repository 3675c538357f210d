# SPDX-License-Identifier: Apache-2.0
"""Trainings one after another, each in a folder of its own, that a killed or timed call leaves for the next one."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .bundle_command import CONFIGS, run_bundle
from .data import ids_hash, load_datalist, repeated, training_sides, truth_hash
from .networks import weights_hash
from .reports.rows import read_rows
from .run_files import HISTORY, MODEL, RECORD

__all__ = ["Overrides", "TimeIsUp", "TrainingRuns"]

Overrides = dict[str, Any]


class TimeIsUp(Exception):
    """The minutes of a call are spent; the same call goes on."""


class TrainingRuns:
    """Trains what is not finished yet, until a deadline.

    Args:
        machine: overrides that change no result, such as ``num_workers``.
        max_minutes: how long to train; None without an end.

    Attributes:
        has_trained: whether any run was not finished before.
    """

    def __init__(self, machine: Mapping[str, Any] | None = None, *, max_minutes: float | None = None) -> None:
        self.machine = dict(machine or {})
        self.deadline = None if max_minutes is None else time.monotonic() + 60 * max_minutes
        self.has_trained = False

    def train(self, run: Path, overrides: Overrides) -> None:
        """Train into the folder ``run``, or go on there.

        Raises:
            TimeIsUp: before the run has ended.
            ValueError: the folder holds a run that was told something else.
            RuntimeError: the training failed; it has said why.
        """
        _refuse_another(run, overrides)
        if _finished(run):
            return
        budget = {}
        if self.deadline is not None:
            left = (self.deadline - time.monotonic()) / 60
            if left <= 0:
                raise TimeIsUp(f"{run} is next")
            budget = {"max_minutes": left}
        self.has_trained = True
        run_bundle("training", {**overrides, **self.machine, **budget, "output_dir": run})
        if not _finished(run):
            raise TimeIsUp(f"{run} goes on")


def _settings(run: Path) -> dict[str, Any] | None:
    """What a run was told; None where there is none."""
    record = run / RECORD
    return json.loads(record.read_text(encoding="utf-8"))["settings"] if record.is_file() else None


def _finished(run: Path) -> bool:
    """Whether a run has reached its last iteration."""
    settings, history = _settings(run), run / HISTORY
    done = [int(row["iteration"]) for row in read_rows(history)] if history.is_file() else []
    return bool(settings and done) and done[-1] >= settings["iterations"] and (run / MODEL).is_file()


def _refuse_another(run: Path, overrides: Overrides) -> None:
    """
    Raises:
        ValueError: the run was told something else, trained on other images, or started from other weights.
    """
    settings = _settings(run)
    if settings is None:
        return
    # a record of an older version lacks the settings that came later, whose defaults leave things as they were
    told = {**_defaults(settings["variant"]), **settings, "max_iterations": settings["iterations"]}
    files = {key: weights_hash(overrides[key]) for key in ("initial_weights", "pretrained_path") if key in overrides}
    wanted = {key: value for key, value in {**overrides, **files}.items() if not key.endswith("_dir")}
    if "dataset_dir" in overrides:  # a folder may have moved; what it holds is the same
        wanted |= _of_the_images(overrides, repeats=told.get("class_repeats"))
    differing = [key for key, value in wanted.items() if key in told and told[key] != value]
    if differing:
        raise ValueError(f"{run} was told another {', '.join(differing)}; remove it, or give another output_dir")


def _of_the_images(overrides: Overrides, *, repeats: list[int] | None) -> dict[str, dict[str, str]]:
    """``image_ids`` and ``masks_and_diagnoses`` of both sides, as train.json records them."""
    splits, more = ("training", "validation"), overrides.get("additional_dir")
    lists = load_datalist(overrides["dataset_dir"], splits=splits, additional_dir=more, headers=False)
    sides = training_sides(lists, overrides.get("fold"), overrides.get("num_folds", 5))
    learned = [*repeated(sides["training"], repeats), *sides["unlabelled"]]
    both = {"training": learned, "validation": sides["validation"]}
    return {
        "image_ids": {name: ids_hash(items) for name, items in both.items()},
        "masks_and_diagnoses": {name: truth_hash(items) for name, items in both.items()},
    }


def _defaults(variant: str) -> dict[str, Any]:
    return json.loads((CONFIGS / "train.json").read_text(encoding="utf-8"))["recipes"][variant]
