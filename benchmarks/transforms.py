# SPDX-License-Identifier: Apache-2.0
"""Our level set and geometry beside scipy's and MONAI's, in turn in one process on one thread.

python benchmarks/transforms.py [--rounds 15]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from monai.transforms import Compose, RandAffined, RandFlipd, Resized
from scipy.ndimage import distance_transform_edt

from mt_transunet.transforms import AntialiasedResized, RandLesionAffined, signed_distance


def side_by_side(name: str, ours: Callable[[], object], other: Callable[[], object], rounds: int) -> None:
    """Print medians and the median of the ratios, round by round."""
    pairs = []
    ours(), other()
    for _ in range(rounds):
        times = []
        for run in (ours, other):
            start = time.perf_counter()
            run()
            times.append(1000 * (time.perf_counter() - start))
        pairs.append(times)
    mine, theirs = (statistics.median(column) for column in zip(*pairs))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"{name:58s} {mine:8.2f} ms {theirs:8.2f} ms   ratio {ratio:.1f}")


def lesion(height: int, width: int) -> dict[str, torch.Tensor]:
    """An ellipse off centre, on noise."""
    rows, columns = np.mgrid[:height, :width]
    inside = ((rows - 0.45 * height) / (0.25 * height)) ** 2 + ((columns - 0.55 * width) / (0.3 * width)) ** 2 < 1
    image = np.random.default_rng(0).integers(0, 256, (3, height, width), dtype=np.uint8)
    return {"image": torch.from_numpy(image), "mask": torch.from_numpy(inside[None].astype(np.uint8) * 255)}


def two_scipy_transforms(mask: np.ndarray) -> np.ndarray:
    outside, inside = distance_transform_edt(~mask), distance_transform_edt(mask)
    return outside / outside.max() - inside / inside.max()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(f"{'':58s} {'ours':>11s} {'other':>11s}")
    for side in (192, 1024):
        mask = lesion(side, side)["mask"][0].numpy() > 0
        name = f"level set {side}x{side}, against scipy"
        side_by_side(name, lambda: signed_distance(mask), lambda: two_scipy_transforms(mask), rounds)

    keys, modes = ["image", "mask"], ["bilinear", "nearest"]
    ours = RandLesionAffined(keys, spatial_size=192)
    monai = Compose(
        [
            Resized(keys, (192, 192), mode=modes),
            RandAffined(keys, prob=1, rotate_range=3.14, scale_range=(0.2, 0.2), mode=modes, padding_mode="reflection"),
            RandFlipd(keys, prob=0.5, spatial_axis=0),
            RandFlipd(keys, prob=0.5, spatial_axis=1),
        ]
    )
    for height, width in ((256, 256), (768, 1024)):
        item = lesion(height, width)
        name = f"geometry {width}x{height} -> 192, against Resized+RandAffined+RandFlip"
        side_by_side(name, lambda: ours(item), lambda: monai(item), rounds)

    item = lesion(2016, 3024)
    resize = AntialiasedResized("image", 192)
    smooth = Resized("image", (192, 192), mode="bilinear", anti_aliasing=True)
    name = "antialiased resize 3024x2016 -> 192, against Resized"
    side_by_side(name, lambda: resize(item), lambda: smooth(item), max(3, rounds // 5))


if __name__ == "__main__":
    main()
