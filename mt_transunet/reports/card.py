# SPDX-License-Identifier: Apache-2.0
"""The figures of shipped weights as Markdown, from their record alone: what the model card shows is what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mt_transunet import CLASS_NAMES

__all__ = ["card_tables"]

NOT_MEASURED = "not measured"

_VIEWS = {"none": "1 view", "fast": "4 views", "paper": "18 views"}


def card_tables(record: Mapping[str, Any]) -> str:
    """Markdown tables of a provenance record: accuracy, by diagnosis, calibration, operating point, making.

    Every figure has its 95% interval over images in brackets; what the record does not hold is "not measured".
    """
    validation = record.get("validation") or {}
    held_out = record.get("held_out") or {}
    evaluations = {f"validation, {_VIEWS.get(views, views)}": found for views, found in validation.items()}
    evaluations |= {f"held-out {name}, 18 views": found for name, found in held_out.items()}
    blocks = [_accuracy(evaluations), _by_diagnosis(evaluations), _calibration(evaluations, record)]
    blocks += [_operating_point(record), _stages(record)]
    return "\n\n".join(blocks) + "\n"


def _accuracy(evaluations: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for name, found in evaluations.items():
        masks, classes = found["segmentation"], found["classification"]
        figures = [masks["JA"], masks["DI"], classes["melanoma"]["AUC"], classes["seborrheic_keratosis"]["AUC"]]
        rows.append([name, masks["n"], *map(_figure, [*figures, classes["mean_AUC"]])])
    return _table(["images", "n", "JA", "DI", "melanoma AUC", "keratosis AUC", "mean AUC"], rows)


def _by_diagnosis(evaluations: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        [name, *(_part(found["by_diagnosis"][diagnosis]) for diagnosis in CLASS_NAMES)]
        for name, found in evaluations.items()
    ]
    return _table(["JA by diagnosis", *(diagnosis.replace("_", " ") for diagnosis in CLASS_NAMES)], rows)


def _part(found: Mapping[str, Any]) -> str:
    return f"{_figure(found['JA'])}, n = {found['n']}"


def _calibration(evaluations: Mapping[str, Mapping[str, Any]], record: Mapping[str, Any]) -> str:
    rows = []
    for name, found in evaluations.items():
        if not name.startswith("held-out"):  # those were measured before the temperature
            rows.append(_calibration_row(name, found["calibration"]))
    if pooled := record.get("calibration"):
        rows.append(_calibration_row("held-out folds, temperature fitted on the other parts", pooled))
    header = ["expected calibration error", "n", "found", "perfectly calibrated: mean", "95% below"]
    return _table(header, rows)


def _calibration_row(name: str, found: Mapping[str, Any]) -> list[Any]:
    return [name, found["n"], *(_number(found[key]) for key in ("ECE", "ECE_perfect_mean", "ECE_perfect_95"))]


def _operating_point(record: Mapping[str, Any]) -> str:
    point = (record.get("operating_points") or {}).get("melanoma_sensitivity_0.9")
    cells = [_number(point[key]) if point else NOT_MEASURED for key in ("threshold", "sensitivity", "specificity")]
    return _table(["melanoma called from a probability of", "sensitivity", "specificity"], [cells])


def _stages(record: Mapping[str, Any]) -> str:
    rows = [
        [
            number,
            *(stage["settings"].get(key) for key in ("image_size", "iterations", "schedule")),
            stage["minutes"],
            stage["threads"],
        ]
        for number, stage in enumerate(record["stages"], start=1)
    ]
    return _table(["stage", "side in pixels", "iterations", "learning rate", "minutes", "CPU threads"], rows)


def _figure(figure: Mapping[str, float | None] | None) -> str:
    if figure is None:
        return NOT_MEASURED
    return f"{_number(figure['value'])} [{_number(figure['low'])}, {_number(figure['high'])}]"


def _number(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:.3f}"


def _table(header: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    columns = list(header)
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
