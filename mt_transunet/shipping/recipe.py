# SPDX-License-Identifier: Apache-2.0
"""Make shipped weights from the data, start to end: every stage, held-out folds, calibration, figures, record."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..bundle_command import CONFIGS, run_bundle
from ..data.roots import dataset_roots
from ..run_files import MODEL
from ..training_runs import Overrides, TimeIsUp, TrainingRuns
from .calibration import held_out_calibration
from .record import provenance
from .typical_training_images import typical_training_images
from .weights_file import average_weights, ship_weights, write_shipped

__all__ = ["make_weights"]


class Trained(NamedTuple):
    """What the stages of a recipe have left."""

    runs: list[Path]
    """The folders of all runs, in order."""
    model: Path
    """The weights of the last stage."""


def make_weights(
    variant: str,
    *,
    data: Mapping[str, Any],
    output_dir: Path,
    machine: Mapping[str, Any] | None = None,
    max_minutes: float | None = None,
    recipes: Path = CONFIGS / "recipes.json",
) -> Path:
    """Follow the variant's recipe and return the weights, ``<variant>.pt`` with ``<variant>.json`` beside them.

    Killed at any moment, the same call goes on: training resumes, finished stages are not repeated.

    Args:
        variant: "lite" or "paper".
        data: ``dataset_dir`` (of several roots the first is evaluated on), ``additional_dir``, ``pretrained_path``;
            what is None is left out.
        output_dir: where every run goes.
        machine: overrides that change no result, such as ``num_workers``.
        max_minutes: how long this call may train. Where it has trained, it leaves the evaluations to the next call.
        recipes: variant -> ``stages``, ``held_out_folds`` of ``num_folds``, and the sides the weights are judged and
            used at: ``image_size`` (one view, four views) and ``view_sizes`` (eighteen). A stage is overrides of
            train.json, from the weights of the stage before; of several ``seeds``, their mean weights go on.

    Raises:
        ValueError: no such recipe, or runs in ``output_dir`` that were told something else.
        TimeIsUp: before the weights were done.
        RuntimeError: a command failed; it has said why.
    """
    recipe = _recipe(variant, recipes)
    common = {"variant": variant, **{key: value for key, value in data.items() if value is not None}}
    sides: dict[str, Overrides] = {"all": {}}
    for fold in recipe["held_out_folds"]:
        sides[f"fold{fold}"] = {"fold": fold, "num_folds": recipe["num_folds"]}

    trainer = TrainingRuns(machine, max_minutes=max_minutes)
    trained = {
        name: _stages(trainer, recipe["stages"], output_dir / name, {**common, **side}) for name, side in sides.items()
    }
    if trainer.has_trained and max_minutes is not None:
        raise TimeIsUp("training is done, the evaluations are left")

    judged = {"variant": variant, "dataset_dir": data["dataset_dir"]}
    held_out = {}
    for name in list(sides)[1:]:  # in order, for the pooled images are dealt to parts by their place
        held_out[name] = output_dir / f"{name}-evaluation"
        views = {"views": "paper", "view_sizes": recipe["view_sizes"]}
        model = {"weights": trained[name].model, "output_dir": held_out[name]}
        _evaluate({**judged, **sides[name], **views, **model})
    return _ship(output_dir, judged, recipe, trained, held_out)


def _evaluate(overrides: Overrides) -> None:
    shutil.rmtree(overrides["output_dir"], ignore_errors=True)  # an earlier call's, perhaps of other weights
    run_bundle("evaluating", overrides)


def _recipe(variant: str, recipes: Path) -> dict[str, Any]:
    rows = json.loads(recipes.read_text(encoding="utf-8"))
    if variant not in rows:
        raise ValueError(f"there is no recipe for {variant!r} in {recipes}; choose one of {', '.join(rows)}")
    return rows[variant]


def _stages(trainer: TrainingRuns, stages: list[Overrides], output_dir: Path, common: Overrides) -> Trained:
    """Train all stages, each by all of its seeds."""
    runs: list[Path] = []
    model: Path | None = None
    for number, stage in enumerate(stages, start=1):
        start = {"initial_weights": model} if model else {}
        branches = _branches(stage, output_dir / f"stage{number}")
        for run, overrides in branches.items():
            trainer.train(run, {**common, **overrides, **start})
        models = [run / MODEL for run in branches]
        model = average_weights(models, output_dir / f"stage{number}.pt") if len(models) > 1 else models[0]
        runs += branches
    if model is None:
        raise ValueError("a recipe needs at least one stage")
    return Trained(runs, model)


def _branches(stage: Overrides, folder: Path) -> dict[Path, Overrides]:
    """Run folder -> overrides; ``seeds`` makes one run of each seed, ``<folder>-1`` and so on."""
    if "seeds" not in stage:
        return {folder: stage}
    shared = {key: value for key, value in stage.items() if key != "seeds"}
    runs = {f"{folder.name}-{number}": seed for number, seed in enumerate(stage["seeds"], start=1)}
    return {folder.with_name(name): {**shared, "seed": seed} for name, seed in runs.items()}


def _ship(
    output_dir: Path,
    judged: Overrides,
    recipe: Mapping[str, Any],
    trained: dict[str, Trained],
    held_out: dict[str, Path],
) -> Path:
    calibration = held_out_calibration(list(held_out.values())) if held_out else None
    candidate = output_dir / "candidate.pt"
    ship_weights(trained["all"].model, candidate, temperature=calibration["temperature"] if calibration else 1)

    size, view_sizes = recipe["image_size"], recipe["view_sizes"]
    common = {**judged, "dataset_dir": dataset_roots(judged["dataset_dir"])[0], "image_size": size}
    validation = {}
    for views, sizes in (("none", [size]), ("fast", [size]), ("paper", view_sizes)):
        validation[views] = output_dir / f"validation-{views}"
        told = {"views": views, "view_sizes": sizes, "weights": candidate, "output_dir": validation[views]}
        _evaluate({**common, **told})
    record = provenance(
        candidate,
        variant=judged["variant"],
        image_size=size,
        view_sizes=view_sizes,
        runs={name: found.runs for name, found in trained.items()},
        calibration=calibration,
        held_out=held_out,
        validation=validation,
        typical_images=typical_training_images(common["dataset_dir"]),
    )
    return write_shipped(candidate, output_dir / f"{judged['variant']}.pt", record)
