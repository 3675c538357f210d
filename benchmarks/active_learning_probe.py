# SPDX-License-Identifier: Apache-2.0
"""The simulated annotation of ``active_learning.py`` with a learner that trains in a blink, and so over many seeds.

python benchmarks/active_learning_probe.py ISIC2017 OUT [--seeds 40]

The learner is a ridge regression on features of the frozen ImageNet encoder, pixel by pixel on a 24 x 24 grid. It is
far from a good segmenter, but what a set of masks teaches it is measured without the noise of short trainings. How sure
its pixels are is all it can say of its uncertainty: there are no views that could agree.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from active_learning_report import draw, summarise, table
from PIL import Image

from mt_transunet.annotation import least_certain_first, representatives, uncertainty
from mt_transunet.atomic import write_json
from mt_transunet.data import load_datalist
from mt_transunet.networks import build_network
from mt_transunet.quality.description import describe

SIDE, GRID = 96, 24
COMPONENTS = 120
"""Principal components of the pool's features that the regression sees."""
RIDGE = 2.0
"""Weight of the penalty, which falls with the root of the masks; of 0.1 to 30 good from 4 to 128 masks bought in random
order, in a first form of this learner, on 300 training images held out."""
CANDIDATES = 600
"""Random images that a strategy chooses among in a round."""
STRATEGIES = ("random", "least_certain", "representative")


def encoder_features(paths: list[str]) -> torch.Tensor:
    """(N, P, F) features of the pixels of a 24 x 24 grid, each of zero mean and unit variance within its image."""
    encoder = build_network("lite", pretrained=True).encoder.eval()
    found = []
    for path in paths:
        with Image.open(path) as photograph:
            small = np.asarray(photograph.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR))
        image = torch.from_numpy(small.copy()).permute(2, 0, 1)[None] / 255
        with torch.inference_mode():
            maps = [image, *encoder(2 * image - 1)]  # Lite2 was trained on [-1, 1]
        maps = [F.interpolate(each, size=(GRID, GRID), mode="bilinear", antialias=True)[0] for each in maps]
        features = torch.cat(maps).flatten(1)
        deviation = features.std(dim=1, keepdim=True) + 0.1 * features.std()
        found.append(((features - features.mean(dim=1, keepdim=True)) / deviation).half())
    return torch.stack(found).transpose(1, 2)


def design(features: torch.Tensor, pool: list[int]) -> np.ndarray:
    """(N, P, COMPONENTS + 3): principal components, the distance from the middle, its square, and 1."""
    sample = features[pool[::7]].flatten(0, 1)[::3].float()
    _, vectors = torch.linalg.eigh(sample.T @ sample)
    reduced = torch.stack([image.float() @ vectors[:, -COMPONENTS:] for image in features])
    rows, columns = torch.meshgrid(*[torch.linspace(-1, 1, GRID)] * 2, indexing="ij")
    distance = torch.hypot(rows, columns).flatten()
    extra = torch.stack([3 * distance, 3 * distance**2, torch.ones_like(distance)], dim=-1)
    return torch.cat([reduced, extra.expand(len(features), -1, -1)], dim=-1).numpy()


class Probe:
    """Ridge regression over images whose products are summed once: fitting takes milliseconds."""

    def __init__(self, inputs: np.ndarray, masks: np.ndarray):
        self.inputs, self.masks = inputs, masks  # (N, P, F), (N, P)
        self.squares = np.stack([image.T @ image for image in inputs])
        self.products = np.stack([image.T @ mask for image, mask in zip(inputs, masks)])

    def fit(self, places: list[int]) -> np.ndarray:
        share = RIDGE * GRID**2 / np.sqrt(len(places)) * np.eye(self.inputs.shape[-1])
        return np.linalg.solve(self.squares[places].mean(0) + share, self.products[places].mean(0))

    def lesion(self, weights: np.ndarray, place: int) -> np.ndarray:
        return np.clip(self.inputs[place] @ weights.astype(np.float32), 0, 1)

    def jaccard(self, weights: np.ndarray, places: list[int]) -> float:
        found = np.stack([self.lesion(weights, place) > 0.5 for place in places])
        true = self.masks[places] > 0.5
        return float(((found & true).sum(1) / np.maximum((found | true).sum(1), 1)).mean())

    def doubt(self, weights: np.ndarray, place: int) -> float:
        lesion = torch.from_numpy(self.lesion(weights, place)).reshape(GRID, GRID)
        return uncertainty({"pred_mask_logits": torch.stack([1 - lesion, lesion])})


def buy(strategy: str, probe: Probe, looks: np.ndarray, bought: list[int], left: list[int], count: int) -> list[int]:
    """The next ``count`` of ``left``, which is in random order; without a fit nothing is uncertain."""
    if strategy == "random" or (strategy == "least_certain" and not bought):
        return left[:count]
    if strategy == "representative":
        chosen = representatives(
            {str(place): looks[place] for place in bought + left}, count, taken=set(map(str, bought))
        )
        return [int(name) for name in chosen]
    weights = probe.fit(bought)
    return least_certain_first({place: probe.doubt(weights, place) for place in left})[:count]


def simulate(
    strategy: str, probe: Probe, looks: np.ndarray, sides: tuple[list[int], list[int]], labels: list[int], seed: int
) -> dict[int, float]:
    """Labels -> JA of one seed."""
    rng, bought, curve = np.random.default_rng(seed), [], {}
    order = rng.permutation(sides[0]).tolist()
    for count in labels:
        left = [place for place in order if place not in set(bought)]
        if strategy != "random":
            left = left if not bought and strategy == "least_certain" else rng.permutation(left)[:CANDIDATES].tolist()
        bought = bought + buy(strategy, probe, looks, bought, left, count - len(bought))
        curve[count] = probe.jaccard(probe.fit(bought), sides[1])
    return curve


def prepare(options: argparse.Namespace) -> tuple[Probe, np.ndarray, tuple[list[int], list[int]]]:
    """The learner, descriptions (N, 11), and places of the pool and of the images JA is measured on."""
    found = load_datalist(options.dataset_dir, splits=("training", "validation"), headers=False)
    items: list[dict[str, Any]] = found["training"] + found["validation"]
    masks, looks = [], []
    for item in items:
        with Image.open(item["mask"]) as mask, Image.open(item["image"]) as photograph:
            masks.append(np.asarray(mask.convert("L").resize((GRID, GRID), Image.Resampling.BOX), np.float32) / 255)
            looks.append(describe(np.asarray(photograph.convert("RGB"))))
    pool, measured = list(range(len(found["training"]))), list(range(len(found["training"]), len(items)))
    if options.pilot:
        shuffled = np.random.default_rng(0).permutation(pool).tolist()
        pool, measured = shuffled[options.pilot :], shuffled[: options.pilot]
    inputs = design(encoder_features([item["image"] for item in items]), pool)
    return Probe(inputs, np.stack(masks).reshape(len(items), -1)), np.stack(looks), (pool, measured)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset_dir", help="a dataset with masks")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--pilot", type=int, default=0, help="measure on so many training images, not on validation")
    labels = [8, 16, 32, 64, 128]
    parser.add_argument("--labels", type=lambda text: [int(count) for count in text.split(",")], default=labels)
    options = parser.parse_args()
    probe, looks, sides = prepare(options)
    rounds: dict[str, Any] = {"all": {1: {len(sides[0]): probe.jaccard(probe.fit(sides[0]), sides[1])}}}
    for strategy in STRATEGIES:
        seeds = range(1, options.seeds + 1)
        rounds[strategy] = {s: simulate(strategy, probe, looks, sides, options.labels, s) for s in seeds}
        print(f"{strategy}: done", flush=True)
    result = summarise(rounds, options.labels)
    options.out.mkdir(parents=True, exist_ok=True)
    write_json(options.out / "result.json", result)
    draw(result, options.labels, options.out / "figure.png")
    print(table(result, options.labels))


if __name__ == "__main__":
    main()
