# SPDX-License-Identifier: Apache-2.0
"""The whole system in a few minutes: predict, evaluate and train on the built-in data, and a page about it."""

from __future__ import annotations

import shutil
from pathlib import Path

from .bundle_command import run_bundle
from .data import synthetic_dataset
from .networks import shipped_weights
from .reports import write_report
from .run_files import MODEL

__all__ = ["run_demo"]

NOTE = (
    "Every image on this page is synthetic, drawn by a program, and the training lasted a few iterations: the page "
    "shows what the tools do, and no figure on it says anything about skin."
)


def run_demo(output_dir: Path, *, iterations: int = 40) -> Path:
    """Look at synthetic images with the shipped weights, then train on such images, and return the path of the page.

    Each step is the command a person would type, shown before it runs, in a process of its own: inference and
    evaluation as the weights come, training that starts from them, and evaluation of what it gave. The page has several
    runs of a kind in the order of their folders' names, which is that of time.

    Raises:
        RuntimeError: naming the command that failed.
    """
    dataset = synthetic_dataset(output_dir / "synthetic").resolve()
    evaluating = {"dataset_dir": dataset, "split": "test", "views": "fast"}
    run_bundle("inference", {"dataset_dir": dataset / "additional", "output_dir": output_dir / "inference"})
    as_shipped, tuned = (output_dir / f"evaluation-{name}" for name in ("1-as-shipped", "2-after-training"))
    for folder in (as_shipped, tuned, output_dir / "training"):
        shutil.rmtree(folder, ignore_errors=True)  # an earlier demonstration's, perhaps of other weights
    run_bundle("evaluating", {**evaluating, "output_dir": as_shipped})
    training = {
        "dataset_dir": dataset,
        "additional_dir": dataset / "additional",
        "initial_weights": shipped_weights("lite"),
        "max_iterations": iterations,
        "warmup_iterations": iterations // 6,
        "val_interval": 5,
        "output_dir": output_dir / "training",
    }
    run_bundle("training", training)
    run_bundle("evaluating", {**evaluating, "weights": output_dir / "training" / MODEL, "output_dir": tuned})
    return write_report(output_dir, note=NOTE)
