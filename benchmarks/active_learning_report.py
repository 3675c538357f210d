# SPDX-License-Identifier: Apache-2.0
"""The simulated annotations as a table, a JSON file and a figure: OUT/result.json, OUT/figure.png.

python benchmarks/active_learning_report.py OUT
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

REFERENCE, SHARE = "all", 0.95
Curve = dict[int, float]


def labels_needed(curve: Curve, wanted: float) -> float | None:
    """Labels at which a curve (labels -> JA) first reaches ``wanted``, straight between rounds; None if it never does.

    The number of the first round where that is there already.
    """
    counts = sorted(curve)
    for before, after in zip([None, *counts], counts):
        if curve[after] >= wanted:
            if before is None:
                return float(after)
            return before + (after - before) * (wanted - curve[before]) / (curve[after] - curve[before])
    return None


def read_rounds(out: Path) -> dict[str, dict[int, Curve]]:
    """Strategy -> seed -> curve, of the rounds that are done."""
    found: dict[str, dict[int, Curve]] = {}
    for path in sorted((out / "rounds").glob("*.json")):
        row = json.loads(path.read_text())
        found.setdefault(row["strategy"], {}).setdefault(row["seed"], {})[row["labels"]] = row["JA"]
    return found


def summarise(rounds: dict[str, dict[int, Curve]], labels: list[int]) -> dict[str, Any]:
    """Labels needed by every strategy and seed, and the JA over all rounds; seeds that are not done are left out."""
    reference = {seed: next(iter(curve.values())) for seed, curve in rounds.get(REFERENCE, {}).items()}
    wanted = SHARE * float(np.mean(list(reference.values()))) if reference else None
    result: dict[str, Any] = {"reference_JA": reference, "wanted_JA": wanted, "strategies": {}}
    for strategy, seeds in rounds.items():
        done = {seed: curve for seed, curve in seeds.items() if set(labels) <= set(curve)}
        if strategy == REFERENCE or not done:
            continue
        mean = {count: float(np.mean([curve[count] for curve in done.values()])) for count in labels}
        result["strategies"][strategy] = {
            "JA": {seed: {count: curve[count] for count in labels} for seed, curve in done.items()},
            "mean_JA": mean,
            "mean_JA_over_rounds": float(np.mean(list(mean.values())[1:])),  # the first round is the same for all
            "labels_needed": {seed: wanted and labels_needed(curve, wanted) for seed, curve in done.items()},
            "labels_needed_by_mean": wanted and labels_needed(mean, wanted),
        }
    return result


def table(result: dict[str, Any], labels: list[int]) -> str:
    """Rows of strategies, columns of labels; then the labels needed."""
    lines = ["mean JA at labels".ljust(22) + "".join(f"{count:>8}" for count in labels) + "    over rounds"]
    for name, found in result["strategies"].items():
        figures = "".join(f"{found['mean_JA'][count]:8.3f}" for count in labels)
        lines.append(f"{name:<22}{figures}{found['mean_JA_over_rounds']:15.4f}")
    if result["wanted_JA"]:
        reference = ", ".join(f"{value:.3f}" for value in result["reference_JA"].values())
        lines.append(f"all masks: JA {reference}; {SHARE:.0%} of their mean is {result['wanted_JA']:.3f}, reached with")
        for name, found in result["strategies"].items():
            needed = [f"{value:.0f}" if value else f"> {labels[-1]}" for value in found["labels_needed"].values()]
            mean = found["labels_needed_by_mean"]
            mean = f"{mean:.0f}" if mean else f"> {labels[-1]}"
            lines.append(f"{name:<22}{', '.join(needed)} labels; the mean curve with {mean}")
    return "\n".join(lines)


def draw(result: dict[str, Any], labels: list[int], path: Path) -> None:
    """A thin line per seed, a thick one for their mean, the reference and the JA wanted dashed."""
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for colour, (name, found) in zip(
        ("#0072b2", "#d55e00", "#009e73", "#cc79a7"), sorted(result["strategies"].items())
    ):
        for curve in found["JA"].values():
            axes.plot(labels, [curve[count] for count in labels], color=colour, alpha=0.35, linewidth=1)
        axes.plot(labels, list(found["mean_JA"].values()), color=colour, marker="o", label=name.replace("_", " "))
    if result["wanted_JA"]:
        axes.axhline(result["wanted_JA"] / SHARE, color="0.3", linewidth=1, label="all masks")
        axes.axhline(result["wanted_JA"], color="0.3", linestyle="--", linewidth=1, label=f"{SHARE:.0%} of it")
    axes.set(xlabel="masks drawn", ylabel="mean Jaccard index", xscale="log", xticks=labels, xticklabels=labels)
    axes.minorticks_off()
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def write_report(out: Path) -> str:
    """Write both files; returns the table."""
    settings = json.loads((out / "settings.json").read_text())
    result = summarise(read_rounds(out), settings["labels"])
    write_json(out / "result.json", {"settings": settings, **result})
    draw(result, settings["labels"], out / "figure.png")
    return table(result, settings["labels"])


if __name__ == "__main__":
    print(write_report(Path(sys.argv[1])))
