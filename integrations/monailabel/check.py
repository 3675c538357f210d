# SPDX-License-Identifier: Apache-2.0
"""Every request an annotator's tool makes of the bundle, made of a real MONAI Label server, and the answers compared.

Run in the environment that ``make monailabel`` builds:

    python integrations/monailabel/check.py BUNDLE_FOLDER_OR_ZIP
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import requests
from PIL import Image
from requests_toolbelt.multipart.decoder import MultipartDecoder
from server import make_app, running

FORMS = {"photograph.jpg": "RGB", "picture.png": "RGB", "transparent.png": "RGBA"}
PNG = "image/png"


class Requests:
    """Sends requests, prints each with its status, and counts those that failed."""

    def __init__(self, address: str) -> None:
        self.address, self.failures = address, 0

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        answer = requests.request(method, self.address + path, timeout=600, **options)
        self.say(answer.ok, f"{method.upper()} {path}", f"{answer.status_code}" + ("" if answer.ok else answer.text))
        return answer

    def say(self, fine: bool, what: str, detail: str = "") -> None:
        self.failures += not fine
        print(f"{'ok    ' if fine else 'FAILED'} {what}  {detail}", flush=True)


def write_studies(bundle: Path, studies: Path) -> dict[str, Path]:
    """A synthetic photograph, cut so that it is not square and its lesion lies off the middle, in three forms."""
    image = Image.open(sorted((bundle / "sample_data").glob("*_Test_*_Data/*.jpg"))[0])
    image = image.crop((0, 0, image.width * 7 // 8, image.height * 5 // 8))
    studies.mkdir()
    for name, mode in FORMS.items():
        image.convert(mode).save(studies / name)
    return {name: studies / name for name in FORMS}


def own_inference(bundle: Path, studies: Path, output: Path) -> dict[str, dict[str, str]]:
    """What the bundle's own command says of the same images: file name -> row of ``predictions.csv``."""
    words = ["inference", "--config_file", bundle / "configs" / "inference.json", "--num_workers", "0"]
    words += ["--dataset_dir", studies, "--output_dir", output]
    subprocess.run([sys.executable, "-m", "monai.bundle", "run", *map(str, words)], check=True, capture_output=True)
    with open(output / "predictions.csv") as stream:
        return {Path(row["image"]).name: row for row in csv.DictReader(stream)}


def read_mask(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content))) > 0


def check_inference(send: Requests, model: str, images: dict[str, Path], own: Path, rows: dict[str, dict]) -> None:
    """Mask and scores of each image, against the bundle's own inference."""
    for name, path in images.items():
        answer = send("post", f"/infer/{model}?image={path.stem}", data={"params": "{}"})
        parts = MultipartDecoder.from_response(answer).parts
        params, mask = json.loads(parts[0].content), read_mask(parts[1].content)
        expected = read_mask((own / rows[name]["mask"]).read_bytes())
        send.say(mask.shape == Image.open(path).size[::-1], f"  mask of {name} has the image's size", str(mask.shape))
        differing = int((mask != expected).sum())
        send.say(differing == 0 and mask.any(), "  mask is that of the bundle's inference", f"{differing} px differ")
        apart = max(abs(entry["score"] - float(rows[name][entry["label"]])) for entry in params["prediction"])
        send.say(
            len(params["prediction"]) == 3 and apart <= 1e-4, "  scores are those of its inference", f"{apart:.1e}"
        )
    one = next(iter(images.values()))
    answer = send("post", f"/infer/{model}?image={one.stem}&output=json", data={"params": '{"views": "none"}'})
    send.say(len(answer.json()["prediction"]) == 3, "  a single view gives scores as well")
    with open(one, "rb") as stream:
        answer = send("post", f"/infer/{model}?output=image", files={"file": (one.name, stream)})
    send.say(read_mask(answer.content).shape == Image.open(one).size[::-1], "  an uploaded file has its mask")


def check_training(send: Requests, model: str, images: dict[str, Path], own: Path, rows: dict[str, dict]) -> None:
    """Masks are saved as final labels, the model trains on them, and the new model answers."""
    for name, path in images.items():
        mask = Image.fromarray(read_mask((own / rows[name]["mask"]).read_bytes()).astype(np.uint8))
        content = io.BytesIO()
        mask.save(content, "png")
        label = {"label": (f"{path.stem}.png", content.getvalue(), PNG)}
        send("put", f"/datastore/label?image={path.stem}&tag=final", data={"params": "{}"}, files=label)
    before, predicted = _scores(send, model, images)
    send.say(predicted, "  the packed weights predict the Dice of their mask")
    send("post", f"/train/{model}?run_sync=true", json={"max_epochs": 2, "val_split": 0.34, "multi_gpu": False})
    after, predicted = _scores(send, model, images)
    send.say(not predicted, "  the new ones, of which nothing was measured, do not")
    send.say(before != after, "  the new model answers", f"melanoma {before[1]:.6f} before, {after[1]:.6f} after")
    send("post", f"/train/{model}?run_sync=true", json={"max_epochs": 1, "val_split": 0})
    last, _ = _scores(send, model, images)
    send.say(last not in (before, after), "  and so does that of a second training", f"melanoma {last[1]:.6f}")


def _scores(send: Requests, model: str, images: dict[str, Path]) -> tuple[list[float], bool]:
    """Probabilities of the first image, and whether the answer predicts its mask's Dice."""
    stem = next(iter(images.values())).stem
    answer = send("post", f"/infer/{model}?image={stem}&output=json", data={"params": "{}"})
    found = answer.json()
    return [entry["score"] for entry in found["prediction"]], "predicted_dice" in found["confidence"]


def check(bundle: Path, work: Path) -> int:
    """All requests; returns how many failed."""
    app, model = make_app(bundle, work / "apps")
    served = app / "model" / model
    images = write_studies(served, work / "studies")
    rows = own_inference(served, work / "studies", work / "own")
    with running(app, model, work / "studies", work / "server.log") as address:
        send = Requests(address)
        known = send("get", "/info/").json()["models"][model]
        send.say((known["type"], known["dimension"]) == ("segmentation", 2), "  segments planes", str(known["labels"]))
        check_inference(send, model, images, work / "own", rows)
        sample = send("post", "/activelearning/random").json()
        send.say(
            sample.get("id") in {path.stem for path in images.values()}, "  an image to annotate", str(sample["id"])
        )
        send("post", f"/batch/infer/{model}?run_sync=true", json={"multi_gpu": False, "device": "cpu"})
        saved = [path for path in images.values() if (work / "studies/labels/original" / f"{path.stem}.png").is_file()]
        send.say(len(saved) == len(images), "  every image has its mask in the datastore", f"{len(saved)}")
        check_training(send, model, images, work / "own", rows)
    return send.failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path, help="packaged bundle, folder or zip")
    bundle = parser.parse_args().bundle.resolve()
    with tempfile.TemporaryDirectory() as work:
        failures = check(bundle, Path(work))
        if failures:
            print((Path(work) / "server.log").read_text(errors="replace")[-6000:], file=sys.stderr)
    print(f"{failures} failed" if failures else "all requests answered as they should")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
