# SPDX-License-Identifier: Apache-2.0
"""How many predicted masks a person must correct: least certain first against random order, from an evaluation's table.

python benchmarks/review_order.py PER_IMAGE_CSV [OUT]

A dataset is labelled by a model and a person corrects its masks one after the other; a corrected one has a Jaccard
index (JA) of 1. ``per_image.csv`` is what evaluation with several views writes about images that the weights never saw.
Uncertainty is the one that needs no fit, from how far the views agree and how sure the pixels are: ``predicted_dice``
of the shipped weights was fitted to the validation masks. OUT/result.json and OUT/figure.png are written where OUT is
named.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

from mt_transunet.annotation import least_certain_first, uncertainty  # noqa: E402
from mt_transunet.atomic import write_json  # noqa: E402

WANTED = (0.85, 0.9, 0.95)
"""Mean JA of a dataset that is good enough."""
POOR = 0.65
"""JA below which a mask is counted as failed, as in the ISIC 2018 challenge."""
FIGURES = ("agreement", "expected")
"""Columns that the uncertainty is made of."""
ORDERS = 1000
"""Random orders that figures are given over."""


def read(path: Path) -> tuple[list[str], dict[str, float], dict[str, float]]:
    """Ids, the JA of each and its uncertainty, of the rows that have a mask.

    Raises:
        SystemExit: the table lacks a column, holds no number there, or no row has a mask.
    """
    path = path / "per_image.csv" if path.is_dir() else path
    try:
        with path.open(newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if row.get("JA") not in (None, "", "nan")]
        found = {row["image_id"]: {name: float(row[name]) for name in ("JA", *FIGURES)} for row in rows}
    except OSError as error:
        raise SystemExit(f"{path} cannot be read ({error.strerror}); name the per_image.csv of an evaluation")
    except (KeyError, ValueError) as error:
        raise SystemExit(f"{path} needs image_id, JA, {' and '.join(FIGURES)} in every row that has JA: {error}")
    if not found:
        raise SystemExit(
            f"{path} holds no image with a mask; name the per_image.csv of an evaluation of images that have one"
        )
    doubt = {name: uncertainty({"pred_confidence": {key: row[key] for key in FIGURES}}) for name, row in found.items()}
    return list(found), {name: row["JA"] for name, row in found.items()}, doubt


def curve(jaccard: np.ndarray) -> np.ndarray:
    """(N,) JA in the order of correction -> (N + 1,) mean JA of the dataset after 0 to N corrections."""
    return jaccard.mean() + np.concatenate([[0.0], np.cumsum(1 - jaccard)]) / len(jaccard)


def corrections_needed(jaccard: np.ndarray, wanted: float) -> int:
    """Masks to correct, in this order, until the dataset's mean JA is ``wanted`` or better."""
    return int(np.argmax(curve(jaccard) >= wanted - 1e-12))


def failures_found(jaccard: np.ndarray, share: float) -> int:
    """Masks of JA below ``POOR`` among the first ``share`` of the order."""
    return int((jaccard[: round(share * len(jaccard))] < POOR).sum())


def compare(names: list[str], jaccard: dict[str, float], doubt: dict[str, float]) -> dict[str, Any]:
    """Corrections needed: least certain first, worst first (the best there can be), and over random orders."""
    values = np.array([jaccard[name] for name in names])
    ours = np.array([jaccard[name] for name in least_certain_first(doubt)])
    shuffled = np.stack([np.random.default_rng(seed).permutation(values) for seed in range(ORDERS)])
    needed = {}
    for wanted in WANTED:
        random = [corrections_needed(order, wanted) for order in shuffled]
        low, high = np.percentile(random, (2.5, 97.5))
        needed[wanted] = {
            "least_certain": corrections_needed(ours, wanted),
            "random": {"mean": float(np.mean(random)), "low": float(low), "high": float(high)},
            "worst_first": corrections_needed(np.sort(values), wanted),
        }
    found = {share: failures_found(ours, share) for share in (0.1, 0.3)}
    return {"images": len(names), "JA": values.mean(), "failed": int((values < POOR).sum()), "found": found} | {
        "corrections": needed
    }


def table(result: dict[str, Any]) -> str:
    lines = [f"{result['images']} masks, mean JA {result['JA']:.3f}; corrections until the mean JA is"]
    for wanted, needed in result["corrections"].items():
        random = needed["random"]
        lines.append(
            f"  {wanted:.2f}: least certain first {needed['least_certain']}, random order {random['mean']:.0f} "
            f"({random['low']:.0f} to {random['high']:.0f}), worst first {needed['worst_first']}"
        )
    found = ", ".join(f"{share:.0%} least certain hold {count}" for share, count in result["found"].items())
    lines.append(f"{result['failed']} masks are below JA {POOR}; the {found}")
    return "\n".join(lines)


def draw(names: list[str], jaccard: dict[str, float], doubt: dict[str, float], path: Path) -> None:
    """Mean JA of the dataset against masks corrected."""
    values = np.array([jaccard[name] for name in names])
    ours = np.array([jaccard[name] for name in least_certain_first(doubt)])
    steps = np.arange(len(names) + 1)
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    axes.plot(steps, curve(np.sort(values)), color="0.6", ls=":", label="worst first (known afterwards only)")
    axes.plot(steps, curve(ours), color="#d55e00", label="least certain first")
    axes.plot(steps, values.mean() + (1 - values.mean()) * steps / len(names), color="#0072b2", label="random order")
    axes.set(xlabel="masks corrected", ylabel="mean Jaccard index of the dataset's masks", xlim=(0, len(names)))
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="per_image.csv of an evaluation, or the folder it lies in")
    parser.add_argument("out", type=Path, nargs="?")
    options = parser.parse_args()
    found = read(options.table)
    result = compare(*found)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        write_json(options.out / "result.json", result)
        draw(*found, options.out / "figure.png")
    print(table(result))


if __name__ == "__main__":
    main()
