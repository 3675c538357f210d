# SPDX-License-Identifier: Apache-2.0
"""How many masks a person must draw until a network is well trained: orders of annotation against random, simulated.

python benchmarks/active_learning.py ISIC2017 OUT [--strategies random,representative] [--seeds 1,2,3]

The masks of the training images are hidden and revealed when they are bought. Every round trains ``lite`` from its
ImageNet encoder on what was bought so far, measures the mean Jaccard index (JA) on the validation images, and lets the
strategy choose what to buy next. All rounds, and the reference trained on all masks, take the same number of
iterations. A killed simulation goes on by the same command: every finished round is a file in OUT/rounds.
"""

from __future__ import annotations

import argparse
import functools
import json
import shutil
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from active_learning_report import write_report
from choices import names_among
from monai.inferers import SimpleInferer
from PIL import Image
from resumable import keep_settings
from short_training import short_training

from mt_transunet.allocator import keep_freed_memory
from mt_transunet.annotation import least_certain_first, representatives, uncertainty
from mt_transunet.atomic import save_tensors, write_json
from mt_transunet.data import load_datalist
from mt_transunet.inferers import ViewsInferer
from mt_transunet.networks import build_network
from mt_transunet.quality import Confidenced
from mt_transunet.quality.description import describe

LOSS_WEIGHTS = {"mask": 1.0, "dice": 1.0, "level_set": 1.0}
STRATEGIES = ("random", "least_certain", "representative")
"""Random order; the least certain; those that stand for most of the others, from the first label on."""
REFERENCE = "all"
Item = dict[str, Any]


def sides(options: argparse.Namespace) -> tuple[list[Item], list[Item]]:
    """The pool and the images JA is measured on: the validation split, or a part held out of training in a pilot."""
    found = load_datalist(options.dataset_dir, splits=("training", "validation"), headers=False)
    items = [{key: item[key] for key in ("image", "mask", "image_id")} for item in found["training"]]
    if not options.pilot:
        return items, [{key: item[key] for key in ("image", "mask", "image_id")} for item in found["validation"]]
    held_out = set(np.random.default_rng(0).permutation(len(items))[: options.pilot].tolist())
    sides = ([item for place, item in enumerate(items) if (place in held_out) == out] for out in (False, True))
    return next(sides), next(sides)


def train(bought: list[Item], measured: list[Item], seed: int, options: argparse.Namespace, folder: Path) -> Any:
    """The network (averaged weights, eval mode) of one round and its JA on ``measured``."""
    evaluator = short_training(
        bought, measured, folder, options, seed=seed, unlabelled_batch=0, loss_weights=LOSS_WEIGHTS
    )
    return evaluator.network.eval(), evaluator.state.metrics["val_JA"]


def scores(network: Any, items: list[Item], options: argparse.Namespace) -> dict[str, float]:
    """Uncertainty of each image as inference would print it: all views, their moments, ``Confidenced``."""
    inferer = ViewsInferer(SimpleInferer(), symmetries=options.views, moments=True, max_batch=32)
    confidence, found = Confidenced(), {}
    with torch.inference_mode():
        for start in range(0, len(items), 16):
            batch = items[start : start + 16]
            output = inferer(torch.stack([picture(item["image"], options.image_size) for item in batch]) / 255, network)
            for place, item in enumerate(batch):
                one = {f"pred_{key}": value[place] for key, value in output.items()}
                found[item["image_id"]] = uncertainty(confidence(one))
    return found


@functools.lru_cache(maxsize=None)
def picture(path: str, size: int) -> torch.Tensor:
    """(3, size, size) uint8, decoded once: 12 kB at 64 pixels."""
    with Image.open(path) as photograph:
        small = photograph.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.asarray(small).copy()).permute(2, 0, 1)


def buy(
    strategy: str, left: list[Item], bought: list[Item], count: int, network: Any, seed: int, options: Any
) -> list[str]:
    """Ids of the next ``count`` images; ``left`` is in the seed's random order."""
    if strategy == "random":
        return [item["image_id"] for item in left[:count]]
    if options.candidates:  # shuffled anew: the order of ``left`` is that of the random strategy's purchases
        chosen = np.random.default_rng([seed, len(left)]).permutation(len(left))[: options.candidates]
        left = [left[place] for place in chosen]
    if strategy == "representative":
        descriptions = {item["image_id"]: description(item["image"]) for item in left + bought}
        return representatives(descriptions, count, taken={item["image_id"] for item in bought})
    return least_certain_first(scores(network, left, options))[:count]


@functools.lru_cache(maxsize=None)
def description(path: str) -> np.ndarray:
    with Image.open(path) as photograph:
        return describe(np.asarray(photograph.convert("RGB")))


def simulate(strategy: str, seed: int, options: argparse.Namespace) -> str:
    """All rounds of one strategy and seed that are not done yet."""
    torch.set_num_threads(1)
    keep_freed_memory()
    pool, measured = sides(options)
    order = [pool[place] for place in np.random.default_rng(seed).permutation(len(pool))]
    labels = [len(order)] if strategy == REFERENCE else options.labels
    bought = set(buy(first_of(strategy), order, [], labels[0], None, seed, options))
    for place, count in enumerate(labels):
        path = options.out / "rounds" / f"{strategy}-s{seed}-{count}.json"
        if not path.exists():
            began = time.time()
            mine = [item for item in order if item["image_id"] in bought]
            start = options.out / "rounds" / f"start-{first_of(strategy)}-s{seed}.pt"
            shared = start if count == options.labels[0] else None
            network, jaccard = round_of(mine, measured, seed, options, options.out / "work" / path.stem, shared)
            left = [item for item in order if item["image_id"] not in bought]
            more = labels[place + 1] - count if place + 1 < len(labels) else 0
            chosen = buy(strategy, left, mine, more, network, seed, options) if more else []
            row = {"strategy": strategy, "seed": seed, "labels": count, "JA": jaccard, "buys": chosen}
            write_json(path, {**row, "seconds": round(time.time() - began, 1)})
            print(f"{strategy} seed {seed}: {count} labels, JA {jaccard:.4f}, {time.time() - began:.0f} s", flush=True)
        bought |= set(json.loads(path.read_text())["buys"])
    return f"{strategy} seed {seed} done"


def first_of(strategy: str) -> str:
    """The strategy of the first purchase: without a network nothing is uncertain."""
    return strategy if strategy == "representative" else "random"


def round_of(
    bought: list[Item], measured: list[Item], seed: int, options: argparse.Namespace, folder: Path, shared: Path | None
) -> tuple[torch.nn.Module, float]:
    """Network and JA of a round; the first one, which strategies may have in common, is kept in ``shared``."""
    if shared is not None and shared.exists():
        kept = torch.load(shared, weights_only=True)
        network = build_network("lite")
        network.load_state_dict(kept["weights"])
        return network.eval(), kept["JA"]
    network, jaccard = train(bought, measured, seed, options, folder)
    if shared is not None:
        save_tensors(shared, {"weights": network.state_dict(), "JA": jaccard})
    shutil.rmtree(folder)
    return network, jaccard


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset_dir", help="a dataset with masks")
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--strategies", type=names_among(STRATEGIES), default=list(STRATEGIES), help=",".join(STRATEGIES)
    )
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[1, 2, 3])
    labels = [8, 16, 32, 64, 128]
    parser.add_argument("--labels", type=lambda text: [int(count) for count in text.split(",")], default=labels)
    parser.add_argument("--image_size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--iterations", type=int, default=200)
    parser.add_argument("--learning_rate", type=float, default=1e-3, help="of the decoder; the encoder takes half")
    parser.add_argument("--average_decay", type=float, default=0.9)
    parser.add_argument("--views", type=lambda text: text.split(","), default=["identity", "flip_horizontal"])
    parser.add_argument(
        "--candidates", type=int, default=500, help="random images scored in a round; 0: the whole pool"
    )
    parser.add_argument("--pilot", type=int, default=0, help="measure on so many training images, not on validation")
    parser.add_argument("--no_reference", action="store_true", help="leave out the runs on all masks")
    parser.add_argument("--processes", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    wanted = ([] if options.no_reference else [REFERENCE]) + options.strategies
    keep_settings(options, free=("out", "processes", "dataset_dir", "strategies", "seeds", "no_reference"))
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(simulate, strategy, seed, options) for seed in options.seeds for strategy in wanted]
        for job in as_completed(jobs):
            print(job.result(), flush=True)
    print(write_report(options.out))


if __name__ == "__main__":
    main()
