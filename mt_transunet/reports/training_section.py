# SPDX-License-Identifier: Apache-2.0
"""What a training run left behind: curves, the figures it was chosen by, its settings."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from mt_transunet.reports.blocks import Facts, Figure, Gallery, Paragraph, Section, Table
from mt_transunet.reports.curves import KINDS, curves, figure_name, kind_of
from mt_transunet.reports.rows import number, read_rows

HISTORY = "history.csv"
SETTINGS = "config.json"

# LesionMetric's selection score: one number for both tasks.
_SELECTION = ("val_JA", "val_mean_AUC")


def training_sections(run_dir: Path) -> tuple[dict[str, Any], list[Section]]:
    """Headline and sections of a folder with ``history.csv``; ``config.json`` adds its settings when it is there."""
    rows = read_rows(run_dir / HISTORY)
    blocks: list[Any] = []
    columns = {column for row in rows for column, cell in row.items() if number(cell) is not None}
    if any(kind_of(column) != "clock" for column in columns):
        blocks.append(Gallery(_drawn(rows, {kind_of(column) for column in columns})))
    else:
        blocks.append(Paragraph("The history holds no figures yet."))
    if table := _validation(rows, columns):
        blocks.append(table)
    if settings := _settings(run_dir / SETTINGS):
        blocks.append(Facts(settings, caption="Settings", folded=True))
    return _facts(rows), [Section("Training", blocks)]


def _drawn(rows: list[dict[str, str]], present: set[str]) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "curves.svg"
        return [
            Figure(curves(rows, path, kinds=[kind]).read_bytes(), alt=f"{kind} over iterations")
            for kind in KINDS
            if kind in present
        ]


def _facts(rows: list[dict[str, str]]) -> dict[str, Any]:
    last = rows[-1] if rows else {}
    facts: dict[str, Any] = {}
    for column, name in (("iteration", "Iterations"), ("epoch", "Epochs")):
        if (value := number(last.get(column))) is not None:
            facts[name] = int(value)
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
    best = max(validated, key=lambda row: _score(row, names))
    at = f"best ({_when(best)})"
    table = [
        {
            "figure": figure_name(name),
            at: number(best.get(name)),
            "last": number(validated[-1].get(name)),
        }
        for name in names
    ]
    return Table(table, caption=f"Best of {len(validated)} validations by {_rule(names)}, and the last.")


def _score(row: dict[str, str], names: list[str]) -> float:
    chosen = [value for name in _chosen(names) if (value := number(row.get(name))) is not None]
    return sum(chosen) / len(chosen) if chosen else float("-inf")


def _chosen(names: list[str]) -> list[str]:
    return [name for name in _SELECTION if name in names] or names[:1]


def _rule(names: list[str]) -> str:
    words = [name.removeprefix("val_").replace("_", " ") for name in _chosen(names)]
    return words[0] if len(words) == 1 else f"the mean of {' and '.join(words)}"


def _when(row: dict[str, str]) -> str:
    if number(row.get("iteration")) == 0:
        return "the weights it started from"
    return next((f"{unit} {row[unit]}" for unit in ("iteration", "epoch") if row.get(unit)), "row")


def _settings(path: Path) -> dict[str, Any]:
    """Top-level plain values of a config: what a user sets, without components and expressions."""
    if not path.is_file():
        return {}
    config = json.loads(path.read_text(encoding="utf-8"))
    plain = {key: value for key, value in config.items() if isinstance(value, (str, int, float, bool))}
    return {key: value for key, value in plain.items() if not str(value).startswith(("$", "@", "%"))}
