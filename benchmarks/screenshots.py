# SPDX-License-Identifier: Apache-2.0
"""Draw synthetic photographs, look at them with the shipped weights, and picture the page of the run and the app.

make pictures, or python benchmarks/screenshots.py [--work runs/screenshots] [--to bundle/docs]
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from browser import browser
from PIL import Image
from playwright.sync_api import Browser, Page

from mt_transunet.app import serving
from mt_transunet.bundle_command import run_bundle
from mt_transunet.data import synthetic_case

PATIENCE = 300_000  # milliseconds
PHOTOGRAPHS, SEED, SIZE = 12, 5, (384, 512)
WIDTH, HEIGHT = 1400, 1180
SHOWN = "lesion-08.jpg"  # in the app
PORT = 7931


def write_photographs(folder: Path) -> Path:
    """A dozen synthetic images, as a camera might name them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(PHOTOGRAPHS):
        image = synthetic_case(number, seed=SEED, size=SIZE).image
        Image.fromarray(image).save(folder / f"lesion-{number + 1:02}.jpg", quality=92)
    return folder


def opened(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    return page


def picture_of_report(browser: Browser, report: Path, path: Path) -> None:
    page = opened(browser, report.resolve().as_uri())
    page.wait_for_timeout(1000)
    write_small(page.screenshot(), path)


def picture_of_app(browser: Browser, photograph: Path, path: Path) -> None:
    with serving(views="fast", port=PORT) as address:
        page = opened(browser, address)
        page.locator("input[type=file]").first.set_input_files(photograph)
        page.get_by_role("heading", name=photograph.name).wait_for()
        page.wait_for_timeout(1500)  # the pictures fade in
        write_small(page.screenshot(full_page=True), path)


def write_small(png: bytes, path: Path) -> None:
    """A screenshot with 256 colours is a fifth as large."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {picture.width} x {picture.height}, {path.stat().st_size // 1000} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("runs/screenshots"), help="photographs and the run go there")
    parser.add_argument("--to", type=Path, default=Path(__file__).resolve().parents[1] / "bundle" / "docs")
    arguments = parser.parse_args()
    photographs = write_photographs(arguments.work / "photographs")
    run = arguments.work / "predictions"
    run_bundle("inference", {"dataset_dir": photographs.resolve(), "output_dir": run})
    with browser() as started:
        picture_of_report(started, run / "report.html", arguments.to / "report.png")
        picture_of_app(started, photographs / SHOWN, arguments.to / "app.png")


if __name__ == "__main__":
    main()
