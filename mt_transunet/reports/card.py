# SPDX-License-Identifier: Apache-2.0
"""The figures of shipped weights as Markdown, from their record alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from scipy.stats import beta

from mt_transunet import CLASS_NAMES
from mt_transunet.metrics import SUSPECTED_FROM
from mt_transunet.metrics.classification import SCORED_CLASSES

__all__ = ["accuracy_table", "card_tables", "failure_tables", "summary_rows"]

NOT_MEASURED = "not measured"

_VIEWS = {"none": "1 view", "fast": "4 views", "paper": "18 views"}


def card_tables(record: Mapping[str, Any]) -> str:
    """Markdown tables of a provenance record: accuracy, by diagnosis, calibration, operating point, making.

    Every figure has its 95% interval over images in brackets, dashes where it has none; what the record does not hold
    is "not measured".
    """
    shipped = {
        f"validation, {_VIEWS.get(views, views)}": found for views, found in (record.get("validation") or {}).items()
    }
    held_out = {
        f"held-out {name}, {_VIEWS[found['protocol']['views']]}": found
        for name, found in (record.get("held_out") or {}).items()
    }
    everything = {**shipped, **held_out}
    blocks = [accuracy_table(everything), _called(everything), _by_diagnosis(everything), _operating_points(record)]
    pooled = record.get("calibration")
    # held-out images are judged before the temperature, which the pooled rows tell of
    blocks += [_calibration(shipped if pooled else everything, pooled), _stages(record)]
    return "\n\n".join(blocks) + "\n"


def accuracy_table(evaluations: Mapping[str, Mapping[str, Any]]) -> str:
    """One Markdown row for each name and summary (of :func:`mt_transunet.metrics.summarise`): JA, DI and AUCs."""
    rows = []
    for name, found in evaluations.items():
        masks, classes = found["segmentation"], found["classification"]
        figures = [masks["JA"], masks["DI"], classes["melanoma"]["AUC"], classes["seborrheic_keratosis"]["AUC"]]
        rows.append([name, masks["n"], *map(_figure, [*figures, classes["mean_AUC"]])])
    return _table(["images", "n", "JA", "DI", "melanoma AUC", "keratosis AUC", "mean AUC"], rows)


def summary_rows(record: Mapping[str, Any]) -> list[str]:
    """One Markdown row per evaluation of the shipped file: variant, images, split and views, JA, DI, mean AUC."""
    rows = []
    for views, found in (record.get("validation") or {}).items():
        masks, classes = found["segmentation"], found["classification"]
        figures = map(_figure, (masks["JA"], masks["DI"], classes["mean_AUC"]))
        cells = [f"`{record['variant']}`, as shipped", masks["n"], f"validation, {_VIEWS[views].split()[0]}", *figures]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return rows


def failure_tables(record: Mapping[str, Any]) -> str:
    """Markdown tables of the validation images that the weights go most wrong on, 18 views."""
    cases = record.get("failures") or {"masks": [], "classes": []}
    masks = [[case["image_id"], _number(case["JA"]), _number(case["DI"])] for case in cases["masks"]]
    classes = [
        [case["image_id"], *(case[key].replace("_", " ") for key in ("true", "given")), _number(case["probability"])]
        for case in cases["classes"]
    ]
    worst = _table(["lowest Jaccard index", "JA", "DI"], masks)
    return f"{worst}\n\n{_table(['wrong and sure of it', 'is', 'was called', 'with a probability of'], classes)}\n"


def _called(evaluations: Mapping[str, Mapping[str, Any]]) -> str:
    """What the likeliest diagnosis finds: the ``predicted`` of inference."""
    rows = [
        [name, *(_figure(found["classification"][c].get(f)) for c in SCORED_CLASSES for f in ("SE", "SP"))]
        for name, found in evaluations.items()
    ]
    columns = [f"{c.split('_')[-1]} {f}" for c in SCORED_CLASSES for f in ("found (SE)", "spared (SP)")]
    return _table(["the likeliest diagnosis", *columns], rows)


def _by_diagnosis(evaluations: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        [name, *(_part(found["by_diagnosis"][diagnosis]) for diagnosis in CLASS_NAMES)]
        for name, found in evaluations.items()
    ]
    return _table(["JA by diagnosis", *(diagnosis.replace("_", " ") for diagnosis in CLASS_NAMES)], rows)


def _part(found: Mapping[str, Any]) -> str:
    return f"{_figure(found['JA'])}, n = {found['n']}"


def _calibration(shipped: Mapping[str, Mapping[str, Any]], pooled: Mapping[str, Any] | None) -> str:
    rows = [_calibration_row(name, found["calibration"]) for name, found in shipped.items()]
    if pooled:
        rows.append(
            _calibration_row(f"held out, temperature {_number(pooled['temperature'])}", pooled["at_temperature"])
        )
    if pooled and pooled["temperature"] != 1:
        rows.append(_calibration_row("held out, temperature fitted on the other parts", pooled))
    header = ["expected calibration error", "n", "found", "perfectly calibrated: mean", "95% below"]
    return _table(header, rows)


def _calibration_row(name: str, found: Mapping[str, Any]) -> list[Any]:
    return [name, found["n"], *(_number(found[key]) for key in ("ECE", "ECE_perfect_mean", "ECE_perfect_95"))]


def _operating_points(record: Mapping[str, Any]) -> str:
    points = (record.get("operating_points") or {}).get(SUSPECTED_FROM, {})
    rows = [
        [_VIEWS.get(views, views), _number(point["threshold"]), point["melanomas"]]
        + [_number(point["sensitivity"]), _found_elsewhere(point), _number(point["specificity"])]
        for views, point in points.items()
    ]
    judged = "validation" if record.get("validation") else "held out"
    header = [f"melanoma, {judged}", "called from a probability of", "melanomas", "found"]
    header += ["to be expected of others", "specificity"]
    return _table(header, rows or [[NOT_MEASURED] * len(header)])


def _found_elsewhere(point: Mapping[str, Any]) -> str:
    """Sensitivity on other melanomas of a cut at the k-th highest of n: Beta(k, n + 1 - k), mean and 95% interval."""
    n = point["melanomas"]
    k = round(point["sensitivity"] * n)
    low, high = beta.interval(0.95, k, n + 1 - k)
    return f"{_number(k / (n + 1))} [{_number(low)}, {_number(high)}]"


def _stages(record: Mapping[str, Any]) -> str:
    rows = [
        [name, number, stage["settings"].get("seed")]
        + [stage["settings"].get(key) for key in ("image_size", "iterations", "schedule")]
        + [stage["training_minutes"], stage["threads"]]
        for name, stages in record["stages"].items()
        for number, stage in _numbered(stages)
    ]
    header = ["trained on", "stage", "seed", "side in pixels", "iterations", "learning rate", "minutes", "CPU threads"]
    return _table(header, rows)


def _numbered(stages: Iterable[Mapping[str, Any]]) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """Trainings that started from the same weights are one stage by several seeds."""
    number, start = 0, object()
    for stage in stages:
        started_from = stage["settings"].get("initial_weights")
        number, start = (number, start) if started_from == start else (number + 1, started_from)
        yield number, stage


def _figure(figure: Mapping[str, float | None] | None) -> str:
    if figure is None:
        return NOT_MEASURED
    low, high = ("-" if figure[key] is None else _number(figure[key]) for key in ("low", "high"))
    return f"{_number(figure['value'])} [{low}, {high}]"


def _number(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:.3f}"


def _table(header: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    columns = list(header)
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
