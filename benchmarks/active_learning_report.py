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

REFERENCE = "all"
SHARES = (0.95, 0.98)
"""Of the JA of training on all masks."""
COLOURS = {"random": "#0072b2", "least_certain": "#d55e00", "representative": "#009e73"}
MANY = 10
"""Seeds above which they are not listed one by one."""
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
    wanted = {share: share * float(np.mean(list(reference.values()))) for share in SHARES} if reference else {}
    result: dict[str, Any] = {"reference_JA": reference, "wanted_JA": wanted, "strategies": {}}
    for strategy, seeds in rounds.items():
        done = {seed: curve for seed, curve in seeds.items() if set(labels) <= set(curve)}
        if strategy == REFERENCE or not done:
            continue
        mean = {count: float(np.mean([curve[count] for curve in done.values()])) for count in labels}
        curves = {**{str(seed): curve for seed, curve in done.items()}, "mean": mean}
        result["strategies"][strategy] = {
            "JA": {name: {count: curve[count] for count in labels} for name, curve in curves.items()},
            "JA_over_rounds": {name: float(np.mean([c[count] for count in labels])) for name, c in curves.items()},
            "labels_needed": {
                share: {name: labels_needed(curve, level) for name, curve in curves.items()}
                for share, level in wanted.items()
            },
        }
    return result


def table(result: dict[str, Any], labels: list[int]) -> str:
    """Rows of strategies, columns of labels; then the labels needed."""
    lines = ["mean JA at labels".ljust(22) + "".join(f"{count:>8}" for count in labels) + "    over rounds"]
    for name, found in result["strategies"].items():
        figures = "".join(f"{found['JA']['mean'][count]:8.3f}" for count in labels)
        lines.append(f"{name:<22}{figures}{found['JA_over_rounds']['mean']:15.4f}")
    lines += paired(result)
    if result["wanted_JA"]:
        lines.append("all masks: JA " + ", ".join(f"{value:.3f}" for value in result["reference_JA"].values()))
    for share, level in result["wanted_JA"].items():
        lines.append(f"{share:.0%} of their mean is {level:.3f}; labels needed")
        for name, found in result["strategies"].items():
            lines.append(f"    {name:<18}" + needed_in_words(found["labels_needed"][share], labels[-1]))
    return "\n".join(lines)


def needed_in_words(needed: dict[str, float | None], most: int) -> str:
    """Seed by seed and of their mean curve; of many seeds the median."""
    words = {seed: f"{count:.0f}" if count else f"> {most}" for seed, count in needed.items()}
    if len(words) - 1 <= MANY:
        return ", ".join(f"{seed} {word}" for seed, word in words.items())
    counts = [count or np.inf for seed, count in needed.items() if seed != "mean"]
    median = np.median(counts)
    return f"mean curve {words['mean']}, median of {len(counts)} seeds {median:.0f}".replace("inf", f"> {most}")


def paired(result: dict[str, Any]) -> list[str]:
    """What each strategy gains on random order over the rounds, seed by seed.

    A seed gives the order of the pool and the randomness of training. All seeds share pool and measured images: their
    spread is that of purchase and training, not of other datasets.
    """
    lines, known = [], result["strategies"]
    for name in sorted(known.keys() - {"random"}) if "random" in known else ():
        ours, theirs = (known[side]["JA_over_rounds"] for side in (name, "random"))
        gains = {seed: ours[seed] - theirs[seed] for seed in ours if seed in theirs and seed != "mean"}
        if gains:
            listed, values = ", ".join(f"{seed} {gain:+.4f}" for seed, gain in gains.items()), list(gains.values())
            if len(gains) > MANY:
                listed = f"standard error {np.std(values, ddof=1) / len(values) ** 0.5:.4f}"
            lines.append(f"{name} - random over rounds, by seed: {listed}; mean {np.mean(values):+.4f}")
    return lines


def draw(result: dict[str, Any], labels: list[int], path: Path) -> None:
    """A thin line per seed, a thick one for their mean, the reference and the JA wanted dashed."""
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, found in result["strategies"].items():
        for seed, curve in found["JA"].items():
            mean = {"marker": "o", "label": name.replace("_", " ")} if seed == "mean" else {"alpha": 0.35, "lw": 1}
            axes.plot(labels, [curve[count] for count in labels], color=COLOURS.get(name, "0.5"), **mean)
    levels = {1.0: float(np.mean(list(result["reference_JA"].values())))} if result["wanted_JA"] else {}
    for share, level in {**levels, **result["wanted_JA"]}.items():
        axes.axhline(level, color="0.3", linewidth=1, linestyle="-" if share == 1 else "--")
        axes.annotate(
            f"{share:.0%} of all masks' JA", (labels[0], level), (0, 2), textcoords="offset points", fontsize=8
        )
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
