# SPDX-License-Identifier: Apache-2.0
"""What images without masks add, and each consistency loss: short trainings of ``lite`` with a part taken away.

python benchmarks/consistency.py ISIC2017 OUT [--masks 100] [--seeds 1,2,3] [--arms masks,diagnoses,both]

``--masks`` training images keep their mask, all others only their diagnosis; one fold of five is held out and measured
together with the validation split. All arms of a seed have the same masks, the same batches of them and as many
iterations. A killed run goes on by the same command: every finished training is a file in OUT/trained.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from choices import names_among
from consistency_report import write_report
from resumable import keep_settings
from short_training import CONFIG, short_training

from mt_transunet.allocator import keep_freed_memory
from mt_transunet.atomic import write_json
from mt_transunet.data import fold_of, load_datalist

ARMS: dict[str, tuple[str, ...] | None] = {
    "masks": None,
    "diagnoses": (),
    "dual_task": ("dual_task",),
    "attended_region": ("attended_region",),
    "both": ("dual_task", "attended_region"),
}
"""Arm -> the consistency losses beside mask, level set and class; None: no images without masks at all."""

FIGURES = ("JA", "DI", "melanoma_AUC", "seborrheic_keratosis_AUC", "mean_AUC")
FOLDS = 5
Items = list[dict[str, Any]]


def images(options: argparse.Namespace, seed: int) -> tuple[Items, Items]:
    """What is trained on, masks first, and what is measured."""
    found = load_datalist(options.dataset_dir, splits=("training", "validation"), headers=False)
    held_out = [item for item in found["training"] if fold_of(item["image_id"], FOLDS) == 0]
    pool = [item for item in found["training"] if fold_of(item["image_id"], FOLDS) != 0]
    order = [pool[place] for place in np.random.default_rng(seed).permutation(len(pool))]
    count = options.masks or len(order)
    without = [{key: value for key, value in item.items() if key != "mask"} for item in order[count:]]
    return order[:count] + without, held_out + found["validation"]


def loss_weights(arm: str) -> dict[str, float]:
    """The recipe's weights, without the consistency losses that the arm does without."""
    recipe = json.loads(CONFIG.read_text())["recipes"]["lite"]["loss_weights"]
    taken_away = {"dual_task", "attended_region"} - set(ARMS[arm] or ())
    return {name: weight for name, weight in recipe.items() if name not in taken_away}


def train(arm: str, seed: int, options: argparse.Namespace) -> str:
    """Train one arm with one seed, unless that is done."""
    path = options.out / "trained" / f"{arm}-s{seed}.json"
    if path.exists():
        return f"{arm} seed {seed} was done"
    torch.set_num_threads(1)
    keep_freed_memory()
    began, folder = time.time(), options.out / "work" / path.stem
    trained, measured = images(options, seed)
    if ARMS[arm] is None:
        trained = [item for item in trained if "mask" in item]
    evaluator = short_training(
        trained,
        measured,
        folder,
        options,
        seed=seed,
        unlabelled_batch=0 if all("mask" in item for item in trained) else options.unlabelled_batch,
        loss_weights=loss_weights(arm),
    )
    found = {name: evaluator.state.metrics[f"val_{name}"] for name in FIGURES}
    write_json(path, {"arm": arm, "seed": seed, **found, "seconds": round(time.time() - began, 1)})
    shutil.rmtree(folder)
    return f"{arm} seed {seed}: JA {found['JA']:.4f}, mean AUC {found['mean_AUC']:.4f}, {time.time() - began:.0f} s"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset_dir", help="a dataset with masks and diagnoses, training and validation")
    parser.add_argument("out", type=Path)
    parser.add_argument("--arms", type=names_among(ARMS), default=list(ARMS), help=",".join(ARMS))
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[1, 2, 3])
    parser.add_argument("--masks", type=int, default=100, help="training images that keep their mask; 0: all")
    parser.add_argument("--image_size", type=int, default=80)
    parser.add_argument("--batch", type=int, default=8, help="images with a mask in a batch")
    parser.add_argument("--unlabelled_batch", type=int, default=8, help="images without one")
    parser.add_argument("--iterations", type=int, default=200)
    parser.add_argument("--learning_rate", type=float, default=1e-3, help="of the decoder; the encoder takes half")
    parser.add_argument("--average_decay", type=float, default=0.95)
    parser.add_argument("--processes", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    keep_settings(options, free=("out", "processes", "dataset_dir", "arms", "seeds"))
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(train, arm, seed, options) for seed in options.seeds for arm in options.arms]
        for job in as_completed(jobs):
            print(job.result(), flush=True)
    print(write_report(options.out))


if __name__ == "__main__":
    main()
