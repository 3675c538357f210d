# SPDX-License-Identifier: Apache-2.0
"""The whole system in a few minutes: train, evaluate and predict on the built-in data, and a page about it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from .data import synthetic_dataset
from .networks import shipped_weights
from .reports import write_report

__all__ = ["run_demo"]


def run_demo(output_dir: Path, *, iterations: int = 60) -> Path:
    """Run the three commands of the bundle on synthetic images and return the path of the page.

    Each step is the command a person would type, shown before it runs, in a process of its own.

    Raises:
        RuntimeError: naming the command that failed.
    """
    dataset = synthetic_dataset(output_dir / "synthetic").resolve()
    weights = output_dir / "training" / "model.pt"
    common = {"dataset_dir": dataset}
    length = {"max_iterations": iterations, "warmup_iterations": iterations // 6, "val_interval": 5}
    training = {"additional_dir": dataset / "additional", **length}
    trained = {**common, "weights": weights}
    evaluating = {**trained, "split": "test", "views": "fast"}
    _bundle("training", ["train"], {**common, **training, "output_dir": output_dir / "training"})
    _bundle("evaluating", ["train", "evaluate"], {**evaluating, "output_dir": output_dir / "evaluation"})
    inference = {"dataset_dir": dataset / "additional", "weights": weights}
    _bundle("inference", ["inference"], {**inference, "output_dir": output_dir / "inference"})
    return write_report(output_dir)


def _bundle(run_id: str, configs: list[str], overrides: dict[str, object]) -> None:
    folder = shipped_weights("lite").parents[1] / "configs"
    files = (
        str([str(folder / f"{name}.json") for name in configs]) if len(configs) > 1 else folder / f"{configs[0]}.json"
    )
    command = [sys.executable, "-m", "monai.bundle", "run", run_id, "--config_file", str(files)]
    for key, value in overrides.items():
        command += [f"--{key}", str(value)]
    print(f"\n$ {shlex.join(command)}", flush=True)  # quoted, so that it can be copied
    if subprocess.run(command).returncode != 0:
        raise RuntimeError(f"the demo's {run_id} failed; the command and its message stand above")
