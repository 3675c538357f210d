# SPDX-License-Identifier: Apache-2.0
"""How quick the page of an inference run is: opening, sorting, filtering and searching, of few rows and of many.

Runs the shipped weights over a few synthetic photographs, repeats their rows and pictures, and times the same actions
on both pages in one browser, in turn.

python benchmarks/report_page.py [--rows 50 2000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import statistics
import tempfile
from pathlib import Path

from browser import browser
from PIL import Image
from playwright.sync_api import Page

from mt_transunet.bundle_command import run_bundle
from mt_transunet.data import synthetic_case
from mt_transunet.reports import write_report

PHOTOGRAPHS, SIZE = 20, (384, 512)

# Milliseconds from the action to the second frame after it: by then the first one has been drawn.
TIMED = """action => new Promise(done => {
  const begun = performance.now();
  eval(action);
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)));
})"""
ACTIONS = {
    "sort": "[...document.querySelectorAll('thead button')].find(b => b.textContent === 'melanoma').click()",
    "filter": "document.querySelector('[data-chip]').click()",
    "search": "search = document.querySelector('input'); search.value = '7'; search.oninput()",
    "all again": "document.querySelector('.clear').click()",
    "enlarge": "document.querySelector('tbody td.picture a').click()",
}


def infer(folder: Path) -> Path:
    """A run of inference over a few photographs."""
    photographs = folder / "photographs"
    photographs.mkdir()
    for number in range(PHOTOGRAPHS):
        image = Image.fromarray(synthetic_case(number, seed=5, size=SIZE).image)
        image.save(photographs / f"{number:02}.jpg")
    run_bundle("inference", {"dataset_dir": photographs, "output_dir": folder / "run", "views": "none"})
    return folder / "run"


def repeated(run: Path, rows: int, to: Path) -> Path:
    """The page of a run of so many images, each with a picture of its own; returns the page."""
    to.mkdir()
    with open(run / "predictions.csv", newline="", encoding="utf-8") as stream:
        few = list(csv.DictReader(stream))
    many = []
    for number in range(rows):
        row = few[number % len(few)]
        overlay = f"{number:05}_overlay.jpg"
        shutil.copyfile(run / row["overlay"], to / overlay)
        many.append({**row, "image": f"/photographs/{number:05}.jpg", "overlay": overlay, "mask": ""})
    with open(to / "predictions.csv", "w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, few[0])
        table.writeheader()
        table.writerows(many)
    write_report(to)
    return to / "report.html"


def timings(page: Page, address: str) -> dict[str, float]:
    """Milliseconds of each action, the first of which is opening."""
    page.goto(address)
    opened = page.evaluate("() => performance.getEntriesByType('navigation')[0].loadEventEnd")
    return {"open": opened, **{name: page.evaluate(TIMED, action) for name, action in ACTIONS.items()}}


def measure(pages: dict[int, Path], rounds: int) -> dict[int, dict[str, float]]:
    """Median of each action on each page; the pages take turns."""
    taken: dict[int, list[dict[str, float]]] = {rows: [] for rows in pages}
    with browser() as started:
        for _ in range(rounds):
            for rows, path in pages.items():
                page = started.new_page(viewport={"width": 1400, "height": 1000})
                taken[rows].append(timings(page, path.as_uri()))
                page.close()
    return {
        rows: {name: statistics.median(times[name] for times in found) for name in found[0]}
        for rows, found in taken.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs=2, default=(50, 2000), metavar=("FEW", "MANY"))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = infer(Path(folder))
        pages = {rows: repeated(run, rows, Path(folder) / str(rows)) for rows in arguments.rows}
        sizes = {rows: path.stat().st_size / 2**20 for rows, path in pages.items()}
        found = measure(pages, arguments.rounds)
    few, many = arguments.rows
    print(f"{'':10s} {few:>8,} {many:>8,} rows, ratio")
    print(f"{'MiB':10s} {sizes[few]:8.1f} {sizes[many]:8.1f} {sizes[many] / sizes[few]:6.1f}")
    for name, time in found[few].items():
        print(f"{name + ', ms':10s} {time:8.0f} {found[many][name]:8.0f} {found[many][name] / time:6.1f}")
    print(json.dumps({"rounds": arguments.rounds, **found}))


if __name__ == "__main__":
    main()
