# SPDX-License-Identifier: Apache-2.0
"""How few pixels of a photograph are enough: the figures on validation images reduced to squares of few pixels.

python benchmarks/few_pixels.py DATASET OUT [--sides 32,64,96,128,160,192]

Masks are reduced with their images. Evaluations that are done are kept; OUT/result.json holds the figures.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from resumable import keep_settings

from mt_transunet.atomic import write_json
from mt_transunet.bundle_command import run_bundle
from mt_transunet.data import ids_hash, load_datalist
from mt_transunet.networks import shipped_weights, weights_hash
from mt_transunet.transforms import as_rgb, to_mask


def reduced(mask: Image.Image, side: int) -> Image.Image:
    """A mask of 0 and 255 at (side, side): lesion where it covers at least half of a new pixel."""
    return to_mask(Image.fromarray(np.asarray(mask.resize((side, side), Image.Resampling.BOX))))


def write_small(items: list[dict[str, Any]], side: int, folder: Path) -> Path:
    """Reduce all images; returns their ``datalist.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for item in items:
        name = item["image_id"]
        image = as_rgb(Image.open(item["image"])).resize((side, side), Image.Resampling.LANCZOS)
        image.save(folder / f"{name}.png")
        reduced(to_mask(Image.open(item["mask"])), side).save(folder / f"{name}_mask.png")
        rows.append({**item, "image": f"{name}.png", "mask": f"{name}_mask.png"})
    return write_json(folder / "datalist.json", {"validation": rows})


def figures(datalist: Path, folder: Path, views: str) -> dict[str, float]:
    """JA, the AUCs and the calibration error of the shipped weights."""
    if not (folder / "metrics.json").is_file():
        told = {"dataset_dir": datalist, "views": views, "num_workers": 0, "pictures": 0, "output_dir": folder}
        run_bundle("evaluating", told)
    found = json.loads((folder / "metrics.json").read_text())
    classes = found["classification"]
    aucs = {name: classes[name]["AUC"]["value"] for name in ("melanoma", "seborrheic_keratosis")}
    mean = classes["mean_AUC"]["value"]
    return {"JA": found["segmentation"]["JA"]["value"], **aucs, "mean_AUC": mean, "ECE": found["calibration"]["ECE"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset_dir", help="a dataset with masks and all three diagnoses")
    parser.add_argument("out", type=Path)
    sides = {"type": lambda text: [int(side) for side in text.split(",")], "default": [32, 64, 96, 128, 160, 192]}
    parser.add_argument("--sides", **sides)
    parser.add_argument("--views", default="fast")
    options = parser.parse_args()
    items = [item for item in load_datalist(options.dataset_dir, splits="validation")["validation"] if "mask" in item]
    options.image_ids, options.weights = ids_hash(items), weights_hash(shipped_weights("lite"))
    keep_settings(options, free=("out", "dataset_dir", "sides"))
    result = {}
    for side in options.sides:
        folder = options.out / str(side)
        result[side] = figures(write_small(items, side, folder), folder / "evaluation", options.views)
        print(side, *(f"{name} {value:.3f}" for name, value in result[side].items()), flush=True)
    write_json(options.out / "result.json", result)


if __name__ == "__main__":
    main()
