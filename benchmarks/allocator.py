# SPDX-License-Identifier: Apache-2.0
"""Training steps of ``lite`` with and without ``keep_freed_memory``, in turn, each in its own process.

python benchmarks/allocator.py [--rounds 3]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time


def seconds_per_step(keep: bool, steps: int = 3) -> float:
    """Median of a few steps after a warm-up: batch 18 at 192 x 192, float32, as the recipe trains it."""
    import torch

    from mt_transunet.allocator import keep_freed_memory
    from mt_transunet.networks import build_network

    if keep and not keep_freed_memory():
        raise SystemExit("this C library has no mallopt: nothing to measure")
    torch.manual_seed(0)
    network = build_network("lite").to(memory_format=torch.channels_last).train()
    images = torch.rand(18, 3, 192, 192).contiguous(memory_format=torch.channels_last)
    times = []
    for _ in range(steps + 1):
        start = time.perf_counter()
        sum(output.square().mean() for output in network(images).values()).backward()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", choices=("yes", "no"), help="measure one side in this process and print seconds")
    arguments = parser.parse_args()
    if arguments.keep:
        print(seconds_per_step(arguments.keep == "yes"))
        return
    ratios = []
    for number in range(arguments.rounds):
        default, kept = (
            float(subprocess.check_output([sys.executable, __file__, "--keep", keep])) for keep in ("no", "yes")
        )
        ratios.append(default / kept)
        print(f"round {number + 1}: {default:.2f} s default, {kept:.2f} s kept, ratio {ratios[-1]:.2f}")
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
