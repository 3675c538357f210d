# SPDX-License-Identifier: Apache-2.0
"""The shipped network's four views in float32, in bfloat16 and by ONNX Runtime, in turn, and how far they differ.

python benchmarks/inference_precision.py [--images FOLDER] [--rounds 15] [--threads 1] [--onnx model.onnx]

Without a folder of images a few synthetic ones are looked at. The file is made by ``onnx_export``
(bundle/docs/packaging.md); without it, or without the extra ``export``, its row is left out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from mt_transunet import load_network
from mt_transunet.allocator import keep_freed_memory
from mt_transunet.data import find_images, synthetic_case
from mt_transunet.inferers import AutocastInferer, ViewsInferer, view_symmetries
from mt_transunet.prediction import as_array
from mt_transunet.transforms import AntialiasedResized

SIDE = 192
Output = dict[str, Tensor]


def by_onnx(path: str, threads: int) -> Callable[[Tensor], Output]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (taken,), given = session.get_inputs(), [output.name for output in session.get_outputs()]

    def run(images: Tensor) -> Output:
        found = session.run(given, {taken.name: images.numpy()})
        return {name: torch.from_numpy(value) for name, value in zip(given, found)}

    return run


def four_views(one_pass: Callable[..., Output]) -> ViewsInferer:
    return ViewsInferer(one_pass, sizes=[SIDE], symmetries=view_symmetries("fast"))


def pictures(folder: str | None) -> list[Tensor]:
    """(1, 3, 192, 192) each."""
    shown = map(as_array, find_images(folder)) if folder else (synthetic_case(index).image for index in range(6))
    resize = AntialiasedResized("image", SIDE)
    planes = (torch.from_numpy(photograph.copy()).permute(2, 0, 1) for photograph in shown)
    return [resize({"image": plane})["image"].float()[None] / 255.0 for plane in planes]


def apart(one: Output, other: Output) -> dict[str, float]:
    """The largest difference of a probability of a class and of a pixel."""
    return {
        name: float((one[f"{name}_logits"].softmax(1) - other[f"{name}_logits"].softmax(1)).abs().max())
        for name in ("class", "mask")
    }


@torch.inference_mode()
def compare(sides: dict[str, Callable[[Tensor], Output]], images: list[Tensor], rounds: int) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name, side in sides.items():
            start = time.perf_counter()
            side(images[number % len(images)])
            seconds[name].append(time.perf_counter() - start)
    first, expected = next(iter(sides.items()))
    truth = [expected(image) for image in images]
    for name, side in sides.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(seconds[first], seconds[name]))
        found = [apart(side(image), true) for image, true in zip(images, truth)]
        largest = ", ".join(f"{key} {max(one[key] for one in found):.1e}" for key in found[0])
        median = 1000 * statistics.median(seconds[name])
        print(f"{name:<14}{median:8.0f} ms, {ratio:5.2f} times as fast; probabilities at most apart: {largest}")
    print(f"n = {len(images)} images, {rounds} rounds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--onnx")
    parser.add_argument("--images")
    arguments = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(arguments.threads)
    network = load_network("lite").to(memory_format=torch.channels_last)
    sides: dict[str, Callable[[Tensor], Output]] = {}
    for precision in ("fp32", "bf16"):
        views = four_views(AutocastInferer(precision))
        sides[precision] = lambda image, views=views: views(image, network)
    if arguments.onnx:
        run = by_onnx(arguments.onnx, arguments.threads)
        views = four_views(lambda images, _: run(images))
        sides["ONNX Runtime"] = lambda image: views(image, network)
    compare(sides, pictures(arguments.images), arguments.rounds)


if __name__ == "__main__":
    main()
