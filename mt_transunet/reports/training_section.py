# SPDX-License-Identifier: Apache-2.0
"""What a training run left behind: curves, the figures it was chosen by, its settings."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import Any

from mt_transunet.reports.blocks import Facts, Figure, Gallery, Paragraph, Section, Table
from mt_transunet.reports.curves import KINDS, curves, figure_name, kind_of
from mt_transunet.reports.rows import number, read_rows
from mt_transunet.reports.run_settings import in_words
from mt_transunet.run_files import HISTORY, RECORD


def training_sections(run_dir: Path) -> tuple[dict[str, Any], list[Section]]:
    """Headline and sections of a folder with ``history.csv``; ``config.json`` adds what it was told, if it is there."""
    rows, record = read_rows(run_dir / HISTORY), _record(run_dir / RECORD)
    settings = record.get("settings", {})
    facts = _facts(rows, settings.get("iterations"))
    blocks: list[Any] = [Paragraph(text) for text in _remarks(rows, record)]
    columns = {column for row in rows for column, cell in row.items() if number(cell) is not None}
    if any(kind_of(column) != "clock" for column in columns):
        blocks.append(Gallery(_drawn(rows, {kind_of(column) for column in columns})))
    else:
        blocks.append(Paragraph("The history holds no figures yet."))
    if table := _validation(rows, columns):
        blocks.append(table)
    if settings:
        blocks.append(Facts(in_words({**settings, **_circumstances(record)}), caption="Settings", folded=True))
    return facts, [Section("Training", blocks)]


def _record(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _remarks(rows: list[dict[str, str]], record: dict[str, Any]) -> list[str]:
    """What one must know before looking at the curves: whether it is all of the run, what it learned from."""
    settings, remarks = record.get("settings", {}), []
    planned, done = settings.get("iterations"), number(rows[-1].get("iteration")) if rows else 0
    if planned and (done or 0) < planned:
        remarks.append(
            f"Ended at iteration {int(done or 0)} of {planned}; if it was stopped, the same command goes on."
        )
    if images := settings.get("images"):
        roots = ", ".join(root["name"] for root in settings.get("dataset", []))
        told = f"{images['training']} with a mask, {images['unlabelled']} without"
        where = f", from {roots}" if roots else ""
        remarks.append(f"Images: {told}, copies and repetitions counted{where}; {images['validation']} to validate on.")
    seen = record.get("seen_in_validation", 0)
    if seen is None:
        remarks.append("Nobody knows whether the initial weights had learned from the validation images.")
    elif seen:
        remarks.append(f"The initial weights had learned from {seen} of the validation images: figures are too good.")
    return remarks


def _circumstances(record: dict[str, Any]) -> dict[str, Any]:
    """Of what decides the numbers, what was not told but found."""
    return {key: record[key] for key in ("threads", "precisions", "commits", "versions") if record.get(key)}


def _drawn(rows: list[dict[str, str]], present: set[str]) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "curves.svg"
        return [
            Figure(curves(rows, path, kinds=[kind]).read_bytes(), alt=f"{kind} over iterations")
            for kind in KINDS
            if kind in present
        ]


def _facts(rows: list[dict[str, str]], planned: int | None) -> dict[str, Any]:
    last = rows[-1] if rows else {}
    facts: dict[str, Any] = {}
    for column, name in (("iteration", "Iterations"), ("epoch", "Epochs")):
        if (value := number(last.get(column))) is not None:
            facts[name] = int(value)
    if planned and facts.get("Iterations", planned) < planned:
        facts["Iterations"] = f"{facts['Iterations']} of {planned}"
    speeds = sorted(value for row in rows if (value := number(row.get("images_per_second"))) is not None)
    if speeds:
        facts["Images per second (median)"] = f"{speeds[len(speeds) // 2]:.1f}"
    if (loss := number(last.get("loss"))) is not None:
        facts["Last loss"] = loss
    return facts


def _validation(rows: list[dict[str, str]], columns: set[str]) -> Table | None:
    names = [column for column in (rows[0] if rows else {}) if kind_of(column) == "validation" and column in columns]
    validated = [row for row in rows if any(number(row.get(name)) is not None for name in names)]
    if not validated:
        return None
    best = max(validated, key=_score)
    at = f"best ({_when(best)})"
    table = [
        {
            "figure": figure_name(name),
            at: number(best.get(name)),
            "last": number(validated[-1].get(name)),
        }
        for name in names
    ]
    return Table(
        table, caption=f"Best of {len(validated)} validations by the selection score (JA and AUC), and the last."
    )


def _score(row: dict[str, str]) -> float:
    """``LesionMetric``'s, by which checkpoints are chosen."""
    score = number(row.get("val"))
    return -math.inf if score is None else score


def _when(row: dict[str, str]) -> str:
    if number(row.get("iteration")) == 0:
        return "the weights it started from"
    return next((f"{unit} {row[unit]}" for unit in ("iteration", "epoch") if row.get(unit)), "row")
