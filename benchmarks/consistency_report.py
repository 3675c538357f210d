# SPDX-License-Identifier: Apache-2.0
"""The trainings of ``consistency.py`` as a table, a JSON file and a figure: OUT/result.json, OUT/figure.png.

python benchmarks/consistency_report.py OUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

from mt_transunet.atomic import write_json  # noqa: E402

BASE = "diagnoses"
"""The arm the others are set against: the same images, no consistency."""
SHOWN = {"JA": "mean Jaccard index", "mean_AUC": "mean AUC"}
ORDER = ("masks", BASE, "dual_task", "attended_region", "both")
Figures = dict[int, dict[str, float]]


def read_trained(out: Path) -> dict[str, Figures]:
    """Arm -> seed -> figures, of the trainings that are done."""
    found: dict[str, Figures] = {}
    for path in sorted((out / "trained").glob("*.json")):
        row = json.loads(path.read_text())
        found.setdefault(row["arm"], {})[row["seed"]] = row
    return {arm: found[arm] for arm in ORDER if arm in found}


def gain(figures: Figures, base: Figures, name: str) -> dict[str, float | int | None]:
    """Mean over the seeds that both have of the difference to ``base``, and its standard error (None of one seed)."""
    differences = [figures[seed][name] - base[seed][name] for seed in sorted(set(figures) & set(base))]
    if not differences:
        return {"n": 0, "mean": None, "standard_error": None}
    spread = float(np.std(differences, ddof=1) / np.sqrt(len(differences))) if len(differences) > 1 else None
    return {"n": len(differences), "mean": float(np.mean(differences)), "standard_error": spread}


def summarise(trained: dict[str, Figures]) -> dict[str, Any]:
    """Every arm's figures by seed, their mean, and what the arm gains over ``BASE``."""
    result: dict[str, Any] = {}
    for arm, figures in trained.items():
        base = {} if arm == BASE else trained.get(BASE, {})
        result[arm] = {
            name: {
                "seeds": {seed: row[name] for seed, row in figures.items()},
                "mean": float(np.mean([row[name] for row in figures.values()])),
                "gain": gain(figures, base, name),
            }
            for name in SHOWN
        }
    return result


def table(result: dict[str, Any]) -> str:
    """A row per arm: means, and gains over ``BASE``, seed by seed where both were trained, with standard errors."""
    head = "".join(f"{name:>10}{'gain':>10}{'SE':>8}" for name in SHOWN)
    lines = ["arm".ljust(18) + head + "   seeds"]
    for arm, found in result.items():
        cells = "".join(_cells(found[name]) for name in SHOWN)
        lines.append(arm.ljust(18) + cells + f"{len(found['JA']['seeds']):8d}")
    return "\n".join(lines)


def _cells(figure: dict[str, Any]) -> str:
    mean, error = figure["gain"]["mean"], figure["gain"]["standard_error"]
    gained = "-" if mean is None else f"{mean:+.4f}"
    return f"{figure['mean']:10.4f}{gained:>10}{'-' if error is None else f'{error:.4f}':>8}"


def draw(result: dict[str, Any], path: Path) -> None:
    """A panel per figure: each seed a dot, their mean a bar."""
    drawing, panels = plt.subplots(1, len(SHOWN), figsize=(9, 3), layout="constrained")
    names = list(result)[::-1]
    for panel, (name, label) in zip(panels, SHOWN.items()):
        for place, arm in enumerate(names):
            found = result[arm][name]
            values = list(found["seeds"].values())
            panel.plot(values, [place] * len(values), "o", color="#0072b2", alpha=0.6)
            panel.plot([found["mean"]] * 2, [place - 0.3, place + 0.3], color="black")
        panel.set_yticks(range(len(names)), [arm.replace("_", " ") for arm in names])
        panel.set_xlabel(label)
        panel.grid(axis="x", alpha=0.3)
    drawing.savefig(path, dpi=150)
    plt.close(drawing)


def write_report(out: Path) -> str:
    """Write both files; returns the table."""
    result = summarise(read_trained(out))
    write_json(out / "result.json", result)
    draw(result, out / "figure.png")
    return table(result)


if __name__ == "__main__":
    print(write_report(Path(sys.argv[1])))
