# SPDX-License-Identifier: Apache-2.0
"""Inference over a long folder with bad files in it, killed half-way and called again: memory, speed, what is redone.

python benchmarks/long_folder.py [--images 2000] [--views none] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from mt_transunet.data.synthetic_image import synthetic_case

SIZES = [(256, 256), (600, 450), (450, 600), (767, 576), (1022, 767), (1504, 1129), (3008, 2000)]
BAD = ("empty.jpg", "half.jpg", "half.png", "text.jpg", "huge.png", "nowhere.jpg")
SMALL = 200


class Run(NamedTuple):
    """One call: its exit status, its seconds and its largest memory, MiB, of all its processes together."""

    status: int
    seconds: float
    peak: float


def draw_folder(folder: Path, count: int) -> None:
    """``count`` photographs of mixed sizes and formats, and the files of :data:`BAD`."""
    folder.mkdir(parents=True)
    drawn = [Image.fromarray(synthetic_case(number, seed=5, size=(512, 512)).image) for number in range(20)]
    for number in range(count):
        image = drawn[number % len(drawn)].rotate(90 * (number // len(drawn)) + number // 80)
        image.resize(SIZES[number % len(SIZES)]).save(
            folder / f"image_{number:05}.{'png' if number % 9 == 0 else 'jpg'}"
        )
    for suffix in ("jpg", "png"):
        whole = next(folder.glob(f"*.{suffix}")).read_bytes()
        (folder / f"half.{suffix}").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("not an image")
    Image.new("1", (40_000, 40_000)).save(folder / "huge.png")  # 0.2 MB that would take 4.8 GB
    (folder / "nowhere.jpg").symlink_to("gone.jpg")


def infer(folder: Path, output: Path, views: str, *, stop_after: int | None = None) -> Run:
    """Call the bundle's inference; with ``stop_after`` it is killed once that many images are in its journal."""
    line = [sys.executable, "-m", "monai.bundle", "run", "inference", "--config_file", "bundle/configs/inference.json"]
    line += ["--dataset_dir", str(folder), "--output_dir", str(output), "--views", views]
    start, peak = time.perf_counter(), 0.0
    with open(f"{output}.log", "ab") as log, subprocess.Popen(line, stdout=log, stderr=log) as process:
        while process.poll() is None:
            peak = max(peak, memory(process.pid))
            if stop_after is not None and len(journal(output)) >= stop_after:
                for member in family(process.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(member, signal.SIGKILL)
            time.sleep(0.25)
    return Run(process.returncode, time.perf_counter() - start, peak)


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in tasks.read_text().split():
            found += family(int(child))
    return found


def memory(pid: int) -> float:
    """MiB of a process and all that it started; pages shared between them count once."""
    total = 0
    for member in family(pid):
        try:
            lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has just ended
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def journal(output: Path) -> list[str]:
    """The journal's whole lines."""
    path = output / "predictions.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def mask_times(output: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in output.rglob("*_mask.png")}


def rows(output: Path) -> list[dict[str, str]]:
    with open(output / "predictions.csv", newline="") as stream:
        return list(csv.DictReader(stream))


def report(folder: Path, output: Path, run: Run) -> None:
    """Print what a finished call left, and stop where something is missing."""
    found = rows(output)
    given = sum(path.suffix in (".jpg", ".png") for path in folder.iterdir())
    named = sorted(Path(row["image"]).name for row in found if row["status"] != "ok")
    page = (output / "report.html").stat().st_size / 2**20
    print(f"  {len(found)} rows of {given} files; page {page:.1f} MiB; unreadable: {', '.join(named)}")
    if run.status != 0 or len(found) != given or named != sorted(BAD):
        raise SystemExit(f"status {run.status}: rows or names are missing")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--views", default="none")
    parser.add_argument("--keep", help="folder for images and outputs, instead of one that is deleted")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(arguments.keep or scratch)
        print(f"{SMALL} images and {len(BAD)} bad files")
        draw_folder(root / "small", SMALL)
        small = infer(root / "small", root / "small-out", arguments.views)
        print(f"  peak {small.peak:.0f} MiB, {small.seconds:.0f} s")
        report(root / "small", root / "small-out", small)

        print(f"{arguments.images} images and {len(BAD)} bad files, killed half-way")
        draw_folder(root / "large", arguments.images)
        output = root / "large-out"
        first = infer(root / "large", output, arguments.views, stop_after=arguments.images // 2)
        kept, before = journal(output)[1:], mask_times(output)
        finished = {f"{Path(json.loads(line)['image']).stem}_mask.png" for line in kept}
        print(f"  killed (status {first.status}) with {len(kept)} images done; peak {first.peak:.0f} MiB")
        second = infer(root / "large", output, arguments.views)
        after = mask_times(output)
        redone = [name for name in finished if after[name] != before[name]]
        print(f"  called again: {second.seconds:.0f} s, peak {second.peak:.0f} MiB; done twice: {len(redone)}")
        report(root / "large", output, second)
        ratio = max(first.peak, second.peak) / small.peak
        speed = arguments.images / (first.seconds + second.seconds)
        print(
            f"peak memory {ratio:.2f} times that of {SMALL} images; {speed:.1f} images a second with pictures and page"
        )


if __name__ == "__main__":
    main()
