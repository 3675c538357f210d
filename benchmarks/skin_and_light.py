# SPDX-License-Identifier: Apache-2.0
"""Figures by the individual typology angle (ITA) of the skin around the lesion, and what the darkest of it looks like.

    python benchmarks/skin_and_light.py ISIC2017 EVALUATION [EVALUATION ...] [--sheet FILE.png]

ITA, arctan((L* - 50) / b*) in degrees, sorts skin from very light to dark (A. Chardon et al., "Skin colour typology and
suntanning pathways", International Journal of Cosmetic Science 13 (1991)), where the light is known. Of photographs it
is often taken for the tone of the skin (N. M. Kinyanjui et al., "Fairness of Classifiers Across Skin Tones in
Dermatology", MICCAI 2020), but lamp and exposure move it as much: look at the sheet before calling it that.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw
from skimage.color import rgb2lab
from tqdm import tqdm

from mt_transunet.data import load_datalist
from mt_transunet.metrics import summarise
from mt_transunet.reports.card import accuracy_table
from mt_transunet.reports.comparison import read_evaluated
from mt_transunet.transforms import as_rgb, to_mask

GROUPS = {"very light": 55, "light": 41, "intermediate": 28, "tan or darker": -180}
"""Name -> the angle above which it begins, degrees; Chardon's bounds, his two darkest groups in one."""
MARGIN = 0.04  # of the longer side: this near the outline nothing is called skin
DARKEST = 50  # of 255; what is darker in every channel is the frame of the lens
FEWEST_PIXELS = 500
SIDE, COLUMNS, CAPTION = 200, 6, 14  # of the sheet, pixels


def typology_angle(image: np.ndarray, mask: np.ndarray) -> float:
    """ITA of the median colour outside the lesion, in degrees; above 90 where the light is bluer than the skin yellow.

    Args:
        image: (H, W, 3) uint8, RGB.
        mask: (H, W) bool, the lesion.

    Returns:
        A value from -180 to 180, larger for lighter skin or brighter light; NaN where too little skin is left.
    """
    reach = 2 * max(1, round(MARGIN * max(mask.shape))) + 1
    near = cv2.dilate(mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    skin = (near == 0) & (image.max(axis=2) > DARKEST)
    if skin.sum() < FEWEST_PIXELS:
        return math.nan
    lightness, _, yellow = np.median(rgb2lab(image[skin]), axis=0)
    return math.degrees(math.atan2(lightness - 50, yellow))


def group_of(angle: float) -> str:
    """The first of ``GROUPS`` that begins below the angle."""
    return next(name for name, above in GROUPS.items() if angle > above)


def angles(dataset_dir: str, wanted: set[str]) -> dict[str, tuple[float, str]]:
    """Image id -> ITA and path, of the images with a mask among those wanted."""
    lists = load_datalist(dataset_dir, splits=("training", "validation"))
    items = [item for side in ("training", "validation") for item in lists[side] if item["image_id"] in wanted]
    found = {}
    for item in tqdm(items, desc="looking at skin", leave=False):
        with Image.open(item["image"]) as image, Image.open(item["mask"]) as mask:
            lesion = np.asarray(to_mask(mask).resize(image.size, Image.Resampling.NEAREST)) > 0
            angle = typology_angle(np.asarray(as_rgb(image)), lesion)
        if not math.isnan(angle):
            found[item["image_id"]] = (angle, item["image"])
    return found


def table(rows: list[Mapping[str, Any]], found: Mapping[str, tuple[float, str]]) -> str:
    """Markdown: a line for each group; brackets are 95% intervals over images."""
    parts: dict[str, list[Mapping[str, Any]]] = {name: [] for name in GROUPS}
    for row in rows:
        if row["image_id"] in found:
            parts[group_of(found[row["image_id"]][0])].append(row)
    return accuracy_table({name: summarise(part) for name, part in parts.items()})


def sheet(found: Mapping[str, tuple[float, str]]) -> Image.Image:
    """The images of the last group, the lowest angle first, for a person to say what they show."""
    last = list(GROUPS)[-1]
    shown = sorted((angle, name, path) for name, (angle, path) in found.items() if group_of(angle) == last)
    page = Image.new("RGB", (COLUMNS * SIDE, max(1, -(-len(shown) // COLUMNS)) * (SIDE + CAPTION)), "white")
    for place, (angle, name, path) in enumerate(shown):
        left, top = place % COLUMNS * SIDE, place // COLUMNS * (SIDE + CAPTION)
        ImageDraw.Draw(page).text((left + 2, top + 1), f"{name}  {angle:.0f}", fill="black")
        with Image.open(path) as image:
            page.paste(as_rgb(image).resize((SIDE, SIDE)), (left, top + CAPTION))
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "dataset_dir", metavar="ISIC2017", help="images and given masks of the training and validation split"
    )
    parser.add_argument("evaluations", nargs="+", type=Path, help="output_dir of an evaluation; several are pooled")
    parser.add_argument("--sheet", type=Path, help="picture of the darkest group to write")
    arguments = parser.parse_args()
    try:
        rows = [row for folder in arguments.evaluations for row in read_evaluated(folder).rows]
        found = angles(arguments.dataset_dir, {row["image_id"] for row in rows})
        print(table(rows, found))
        if arguments.sheet:
            sheet(found).save(arguments.sheet)
    except (OSError, ValueError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()
