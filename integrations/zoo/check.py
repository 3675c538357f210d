# SPDX-License-Identifier: Apache-2.0
"""A packaged bundle in an environment of exactly the versions its metadata asks for, run from a foreign folder.

    python integrations/zoo/check.py BUNDLE.zip [--environment FOLDER]

The environment is made where it is missing (torch, MONAI and what else the metadata names, nothing of this repository).
The folder the commands run in holds a transforms.py of its own, which nothing may import.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

SMALL = "--num_workers 0 --views none --view_sizes [32]".split()
SHORT = "--num_workers 0 --image_size 32 --labelled_batch 2 --unlabelled_batch 1 --max_iterations 2".split()


def requirements(metadata: dict) -> list[str]:
    """Every version of the metadata as the model zoo's CI pins it."""
    own = {name: metadata[f"{key}_version"] for name, key in (("monai",) * 2, ("torch", "pytorch"), ("numpy",) * 2)}
    return [f"{name}=={version}" for name, version in {**own, **metadata["required_packages_version"]}.items()]


def environment(folder: Path, wanted: list[str]) -> Path:
    """Python of an environment with these packages and what they need themselves."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], check=True)
    return python


def commands(bundle: Path, place: Path) -> dict[str, list[object]]:
    samples, configs = bundle / "sample_data", bundle / "configs"
    both = str([str(configs / "train.json"), str(configs / "evaluate.json")])
    images = samples / "ISIC-2017_Test_v2_Data"
    return {
        "inference": [configs / "inference.json", *SMALL, "--dataset_dir", images, "--output_dir", place / "found"],
        "evaluating": [both, *SMALL, "--dataset_dir", samples, "--split", "test", "--output_dir", place / "measured"],
        "training": [configs / "train.json", *SHORT, "--dataset_dir", samples, "--output_dir", place / "trained"],
    }


def shortcomings(place: Path) -> list[str]:
    """What the commands should have left and did not."""
    rows = list(csv.DictReader(open(place / "found" / "predictions.csv")))
    measured = json.loads((place / "measured" / "metrics.json").read_text())
    history = list(csv.DictReader(open(place / "trained" / "history.csv")))
    found = {
        "inference left a mask of each image": [row["status"] for row in rows] == ["ok"] * 3
        and all((place / "found" / row["mask"]).is_file() for row in rows),
        "evaluation measured each image": measured["segmentation"]["n"] == 3,
        "training took two iterations": history[-1]["iteration"] == "2" and (place / "trained" / "model.pt").is_file(),
    }
    for what, holds in found.items():
        print(f"{'ok    ' if holds else 'FAILED'} {what}")
    return [what for what, holds in found.items() if not holds]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--environment", type=Path, default=Path(".venv-zoo"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        place = Path(work) / "elsewhere"
        place.mkdir()
        (place / "transforms.py").write_text("raise RuntimeError('the wrong transforms')\n")
        zipfile.ZipFile(given.archive).extractall(work)
        bundle = Path(work) / given.archive.stem
        wanted = requirements(json.loads((bundle / "configs" / "metadata.json").read_text()))
        print(*wanted)
        python = environment(given.environment.resolve(), wanted)
        known = {**os.environ, "PYTHONPATH": ""}
        for run_id, words in commands(bundle, place).items():
            line = [python, "-m", "monai.bundle", "run", run_id, "--config_file", *map(str, words)]
            done = subprocess.run(line, cwd=place, env=known, capture_output=True, text=True)
            print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {run_id}", flush=True)
            if done.returncode != 0:
                print(done.stdout[-3000:], done.stderr[-3000:], file=sys.stderr)
                return 1
        return min(len(shortcomings(place)), 1)


if __name__ == "__main__":
    sys.exit(main())
