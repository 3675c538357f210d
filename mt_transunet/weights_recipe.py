# SPDX-License-Identifier: Apache-2.0
"""Make shipped weights from the data, start to end: every stage, held-out folds, calibration, figures, record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .atomic import write_json
from .bundle_command import CONFIGS, run_bundle
from .data.roots import dataset_roots
from .networks import weights_hash
from .reports.rows import read_rows
from .shipping import held_out_calibration, provenance, ship_weights

__all__ = ["make_weights"]

Overrides = dict[str, Any]


def make_weights(
    variant: str,
    *,
    dataset_dir: str,
    additional_dir: str | None,
    output_dir: Path,
    max_minutes: float | None = None,
    recipes: Path = CONFIGS / "weights.json",
) -> Path | None:
    """Follow the variant's recipe and return the weights, ``<variant>.pt`` with ``<variant>.json`` beside them.

    Killed at any moment, the same call goes on: training resumes, finished evaluations are not repeated.

    Args:
        variant: "lite" or "paper".
        dataset_dir: what to train on, in any form that training takes; of several roots the first is evaluated on.
        additional_dir: images with a diagnosis only.
        output_dir: where every run goes.
        max_minutes: stop after so many minutes of a stage's training; the next call goes on.
        recipes: variant -> ``stages`` (overrides of train.json, each stage started from the weights of the one
            before), ``held_out_folds`` of ``folds``, and ``view_sizes`` of its figures.

    Returns:
        The path of the weights, or None if the time was up before training was done.

    Raises:
        ValueError: no such recipe.
        RuntimeError: a command failed; it has said why.
    """
    recipe = _recipe(variant, recipes)
    data: Overrides = {"variant": variant, "dataset_dir": dataset_dir}
    streams: Overrides = {"additional_dir": additional_dir} if additional_dir else {}
    budget: Overrides = {"max_minutes": max_minutes} if max_minutes else {}

    sides: dict[str, Overrides] = {"all": {}}
    sides |= {f"fold{fold}": {"fold": fold, "folds": recipe["folds"]} for fold in recipe["held_out_folds"]}
    runs: dict[str, list[Path]] = {}
    for name, side in sides.items():
        stages = _train(recipe["stages"], output_dir / name, {**data, **streams, **side, **budget})
        if stages is None:
            return None
        runs[name] = stages

    views: Overrides = {"view_sizes": recipe["view_sizes"], "views": "paper"}
    held_out = {
        name: _evaluate(output_dir / f"{name}-evaluation", {**data, **sides[name], **views}, stages[-1] / "model.pt")
        for name, stages in runs.items()
        if name != "all"
    }
    return _ship(variant, recipe, data, output_dir, runs["all"], held_out)


def _recipe(variant: str, recipes: Path) -> dict[str, Any]:
    rows = json.loads(recipes.read_text(encoding="utf-8"))
    if variant not in rows:
        raise ValueError(f"there is no recipe for {variant!r} in {recipes}; choose one of {', '.join(rows)}")
    return rows[variant]


def _train(stages: list[Overrides], output_dir: Path, common: Overrides) -> list[Path] | None:
    """The folders of all stages; None if the time was up."""
    runs: list[Path] = []
    for number, overrides in enumerate(stages, start=1):
        run = output_dir / f"stage{number}"
        start = {"initial_weights": runs[-1] / "model.pt"} if runs else {}
        if not _finished(run):
            run_bundle("training", {**common, **overrides, **start, "output_dir": run})
        if not _finished(run):
            return None
        runs.append(run)
    return runs


def _finished(run: Path) -> bool:
    record, history = run / "config.json", run / "history.csv"
    if not record.is_file() or not history.is_file():
        return False
    iterations = json.loads(record.read_text(encoding="utf-8"))["settings"]["iterations"]
    done = [int(row["iteration"]) for row in read_rows(history)]
    return bool(done) and done[-1] >= iterations


def _evaluate(output_dir: Path, overrides: Overrides, weights: Path) -> Path:
    """The folder of an evaluation of these very weights, made if it is not there."""
    metrics = output_dir / "metrics.json"
    if metrics.is_file():
        protocol = json.loads(metrics.read_text(encoding="utf-8"))["protocol"]
        if protocol["weights_sha256"] == weights_hash(weights):
            return output_dir
    run_bundle("evaluating", {**overrides, "weights": weights, "output_dir": output_dir})
    return output_dir


def _ship(
    variant: str,
    recipe: Mapping[str, Any],
    data: Overrides,
    output_dir: Path,
    stages: list[Path],
    held_out: dict[str, Path],
) -> Path:
    calibration = held_out_calibration(list(held_out.values())) if held_out else None
    temperature = calibration["temperature"] if calibration else 1.0
    weights = ship_weights(stages[-1] / "model.pt", output_dir / f"{variant}.pt", temperature=temperature)

    record = provenance(weights, variant=variant, view_sizes=recipe["view_sizes"], stages=stages)
    write_json(weights.with_suffix(".json"), record)  # its sizes are what the evaluations below go by
    judged = {**data, "dataset_dir": str(dataset_roots(data["dataset_dir"])[0]), "split": "val"}
    validation = {
        views: _evaluate(output_dir / f"validation-{views}", {**judged, "views": views}, weights)
        for views in ("none", "paper")
    }
    record = provenance(
        weights,
        variant=variant,
        view_sizes=recipe["view_sizes"],
        stages=stages,
        calibration=calibration,
        held_out=held_out,
        validation=validation,
    )
    write_json(weights.with_suffix(".json"), record)
    return weights
