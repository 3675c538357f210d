# SPDX-License-Identifier: Apache-2.0
"""How much the figures depend on how tightly a photograph frames its lesion.

python benchmarks/framing.py DATASET OUT [--weights FILE [FILE ...]] [--fold 0] [--margins 1.25,1.6,2]

Every image is cut to a square around its given outline, ``margin`` times as wide as the lesion's longer side (no
further than the image goes), and the bundle's own evaluation judges the pieces beside the whole images. A network that
has only seen lesions with much skin around them does worse on the tight ones. Evaluations that are done are kept.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from resumable import keep_settings  # noqa: E402

from mt_transunet.atomic import write_json  # noqa: E402
from mt_transunet.bundle_command import run_bundle  # noqa: E402
from mt_transunet.data import evaluated_side, ids_hash, load_datalist  # noqa: E402
from mt_transunet.metrics.classification import SCORED_CLASSES  # noqa: E402
from mt_transunet.networks import shipped_weights, weights_hash  # noqa: E402
from mt_transunet.transforms import as_rgb, to_mask  # noqa: E402

WHOLE = "whole"
FIGURES = ("JA", "melanoma AUC", "keratosis AUC", "mean AUC")
Figures = dict[str, float | None]
"""None: undefined, as where no image has the diagnosis."""


def around(lesion: np.ndarray, margin: float) -> tuple[int, int, int, int]:
    """Box (left, top, right, bottom) of the square piece; what would lie beyond an edge is added at the other side.

    Args:
        lesion: (H, W) bool with at least one pixel.
        margin: side of the square as a multiple of the lesion's longer side.
    """
    rows, columns = np.flatnonzero(lesion.any(axis=1)), np.flatnonzero(lesion.any(axis=0))
    wanted = margin * max(rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)
    ends = []
    for found, length in ((columns, lesion.shape[1]), (rows, lesion.shape[0])):
        side = round(min(wanted, length))
        start = round((found[0] + found[-1] + 1 - side) / 2)
        start = min(max(start, 0), length - side)
        ends.append((start, start + side))
    (left, right), (top, bottom) = ends
    return left, top, right, bottom


def write_pieces(items: list[dict[str, Any]], margin: float, folder: Path) -> Path:
    """Cut all images that have an outline; returns the ``datalist.json`` of the pieces."""
    path = folder / "datalist.json"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    pieces = []
    for item in (item for item in items if "mask" in item):
        mask = to_mask(Image.open(item["mask"]))
        lesion = np.asarray(mask) > 0
        if not lesion.any():
            continue
        box, name = around(lesion, margin), item["image_id"]
        as_rgb(Image.open(item["image"])).crop(box).save(folder / f"{name}.png")
        mask.crop(box).save(folder / f"{name}_mask.png")
        piece = {"image": f"{name}.png", "mask": f"{name}_mask.png", "image_id": name}
        pieces.append(piece | ({"label": item["label"]} if "label" in item else {}))
    if not pieces:
        raise SystemExit("no image has a lesion in its mask; name a dataset with masks")
    write_json(path, {"validation": pieces})
    return path


def evaluated(datalist: Path, weights: Path, folder: Path, options: argparse.Namespace) -> Figures:
    """The figures of one network on one framing."""
    if not (folder / "metrics.json").is_file():
        told = {"views": options.views, "num_workers": options.num_workers, "pictures": 0}
        run_bundle("evaluating", {**told, "dataset_dir": datalist, "weights": weights, "output_dir": folder})
    found = json.loads((folder / "metrics.json").read_text())
    classes = found["classification"]
    blocks = [classes[name]["AUC"] for name in SCORED_CLASSES]
    blocks = [found["segmentation"]["JA"], *blocks, classes["mean_AUC"]]
    return {name: block and block["value"] for name, block in zip(FIGURES, blocks)}


def table(result: dict[str, dict[str, Figures]]) -> str:
    lines = ["weights".ljust(48) + "framing".ljust(10) + "".join(f"{name:>15}" for name in FIGURES)]
    for weights, framings in result.items():
        for framing, found in framings.items():
            cells = "".join(f"{'-' if found[name] is None else format(found[name], '.3f'):>15}" for name in FIGURES)
            lines.append(weights.ljust(48) + framing.ljust(10) + cells)
    return "\n".join(lines)


def as_number(figure: float | None) -> float:
    return np.nan if figure is None else figure


def draw(result: dict[str, dict[str, Figures]], path: Path) -> None:
    """A panel per figure, a line per network, from the tightest framing to the whole image."""
    figure, panels = plt.subplots(1, len(FIGURES), figsize=(13, 3.2), layout="constrained")
    for panel, name in zip(panels, FIGURES):
        for weights, framings in result.items():
            panel.plot(list(framings), [as_number(found[name]) for found in framings.values()], "o-", label=weights)
        panel.set(title=name, xlabel="side of the piece / longer side of the lesion")
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].legend(frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def margins(text: str) -> list[float]:
    """Of a list with commas; below 1 the lesion itself would be cut."""
    found = [float(margin) for margin in text.split(",")]
    if min(found) < 1:
        raise argparse.ArgumentTypeError(f"margins must be 1 or more, got {text}; try 1.25,1.6,2")
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset_dir", help="a dataset with masks and diagnoses")
    parser.add_argument("out", type=Path)
    parser.add_argument("--weights", type=Path, nargs="+", default=[shipped_weights("lite")])
    parser.add_argument("--fold", type=int, help="the training images of this fold of five, not the validation split")
    parser.add_argument("--margins", type=margins, default=[1.25, 1.6, 2.0])
    parser.add_argument("--views", default="fast")
    parser.add_argument("--num_workers", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    split = "validation" if options.fold is None else "training"
    items = evaluated_side(load_datalist(options.dataset_dir, splits=split), "val", options.fold)
    options.image_ids = ids_hash(items)  # OUT holds pieces of one dataset
    keep_settings(options, free=("out", "dataset_dir", "weights", "margins", "num_workers"))
    framings = {f"{margin:g}": options.out / "pieces" / f"{margin:g}" for margin in sorted(options.margins)}
    lists = {name: write_pieces(items, float(name), folder) for name, folder in framings.items()}
    lists[WHOLE] = write_pieces(items, float("inf"), options.out / "pieces" / WHOLE)
    result = {}
    for weights in options.weights:
        name = str(weights)
        folder = options.out / "evaluations" / weights_hash(weights)[:12]
        result[name] = {
            framing: evaluated(datalist, weights, folder / framing, options) for framing, datalist in lists.items()
        }
    write_json(options.out / "result.json", result)
    draw(result, options.out / "figure.png")
    print(table(result))


if __name__ == "__main__":
    main()
