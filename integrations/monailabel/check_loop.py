# SPDX-License-Identifier: Apache-2.0
"""A round of annotation with a real MONAI Label server: images are scored, served by both strategies, and labelled.

Run in the environment that ``make monailabel`` builds:

    python integrations/monailabel/check_loop.py BUNDLE_FOLDER_OR_ZIP [--images FOLDER]
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests
from PIL import Image
from server import make_app, running

LEAST_CERTAIN, REPRESENTATIVE = "least_certain", "representative"
SCORING = 300  # seconds that the server may take to score all images in the background


def known(address: str) -> dict[str, dict[str, Any]]:
    """What the server knows of every image without a label."""
    objects = requests.get(f"{address}/datastore/?output=all", timeout=60).json()["objects"]
    return {name: item["image"]["info"] for name, item in objects.items() if not item["labels"].get("final")}


def wait_for_scores(address: str) -> dict[str, float]:
    """The uncertainty of every image, once the server has scored them all: it starts to when it is started."""
    for _ in range(SCORING):
        images = known(address)
        if all("uncertainty_ts" in info for info in images.values()):
            return {name: info["uncertainty"] for name, info in images.items()}
        time.sleep(1)
    raise RuntimeError(f"after {SCORING} seconds these have no uncertainty: {sorted(images)}")


def serve(address: str, strategy: str) -> dict[str, Any]:
    answer = requests.post(f"{address}/activelearning/{strategy}", json={}, timeout=600)
    answer.raise_for_status()
    return answer.json()


def label(address: str, image: str, size: tuple[int, int]) -> None:
    """Hand in an empty mask: what is in it does not matter here."""
    stream = io.BytesIO()
    Image.new("L", size).save(stream, "PNG")
    url = f"{address}/datastore/label?image={image}&tag=final"
    requests.put(url, files={"label": ("mask.png", stream.getvalue())}, timeout=60).raise_for_status()


def check_least_certain(address: str, studies: Path) -> list[str]:
    """What was not as it should be when the least certain images were asked for, and two of three labelled."""
    failures = []
    scores = wait_for_scores(address)
    expected = sorted(scores, key=lambda name: (-scores[name], name))
    for turn, name in enumerate(expected[:3]):
        served = serve(address, LEAST_CERTAIN)
        print(f"served {served['id']}, uncertainty {served['uncertainty']:.4f}", flush=True)
        if served["id"] != name:
            failures.append(f"turn {turn}: {served['id']} was served, {name} is the least certain of those left")
        if turn:  # the first is passed over without a label: the second must be another one all the same
            label(address, served["id"], Image.open(next(studies.glob(f"{served['id']}.*"))).size)
    left = set(known(address))
    if left != set(expected) - set(expected[1:3]):
        failures.append(f"{sorted(left)} wait for a label after two of {len(expected)} were labelled")
    return failures


def check_representative(address: str, studies: Path, turns: int = 3) -> list[str]:
    """What was not as it should be when representative images were asked for: served by the bundle's rule, each once.

    The rule itself is tested in tests/annotation; here it is asked over what the server was seen to do before.
    """
    from mt_transunet.annotation import Looks, next_representative  # the served bundle's own

    paths = {path.stem: str(path) for path in studies.iterdir() if path.suffix in (".jpg", ".png")}
    descriptions, failures = Looks().of(paths), []
    for turn in range(turns):
        left = known(address)
        in_hand = {name for name, info in left.items() if info.get("strategy")}
        expected = next_representative(descriptions, left, in_hand=in_hand)
        served = serve(address, REPRESENTATIVE)["id"]
        print(f"served {served}, representative", flush=True)
        if served != expected:
            failures.append(f"turn {turn}: {served} was served, {expected} stands for more of those left")
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path, help="a packaged bundle, folder or zip")
    parser.add_argument("--images", type=Path, help="folder of photographs; default: the bundle's synthetic ones")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        app, model = make_app(options.bundle.resolve(), Path(work) / "apps", companion=True)
        studies = Path(work) / "studies"
        studies.mkdir()
        source = options.images or app / "model" / model / "sample_data"
        images = [path for path in sorted(source.rglob("*")) if path.suffix.lower() in (".jpg", ".png")]
        images = [path for path in images if "GroundTruth" not in str(path)][:14]
        if len(images) < 3:
            parser.error(f"{source} holds {len(images)} images (.jpg, .png); a round of annotation takes three")
        for path in images:
            shutil.copyfile(path, studies / path.name)
        log = Path(work) / "server.log"
        sys.path.insert(0, str(app / "model" / model))
        with running(app, model, studies, log) as address:
            failures = check_least_certain(address, studies) + check_representative(address, studies)
        if failures:
            print(log.read_text(errors="replace")[-6000:], file=sys.stderr)
    print(
        "\n".join(failures)
        or "served least certain first, then those that stand for most others; labelled images no more"
    )
    return min(len(failures), 1)


if __name__ == "__main__":
    sys.exit(main())
