# SPDX-License-Identifier: Apache-2.0
"""What the commands refuse, and the one line they say."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from mt_transunet.networks import build_network, shipped_weights

SMALL = "--image_size 32 --labelled_batch 2 --unlabelled_batch 1 --pretrained False --num_workers 0 --max_iterations 2"

# case -> words of the error line; the command lines stand in the fixture below
SAID = {
    "unknown variant": ["unknown variant 'huge'", "paper", "lite"],
    "mistyped override": ["--datset_dir", "did you mean --dataset_dir"],
    "mistyped override of an overlay": ["--splitt", "did you mean --split"],
    "mistyped nested override": ["--train#trainer#max_epoch"],
    "missing folder": ["nowhere does not exist"],
    "empty folder": ["is empty"],
    "empty folder for inference": ["is empty"],
    "no image can be read": ["none of the 2 images", "text.jpg"],
    "checkpoint of another variant": ["holds weights of variant 'lite'", "this network is 'paper'", "--variant lite"],
    "checkpoint instead of weights": ["is a training checkpoint", "model.pt"],
    "weights that are not there": ["nothing.pt does not exist"],
    "another variant on resume": ["belongs to another run", "variant 'lite' there, 'paper' now", "--resume False"],
    "another seed on resume": ["belongs to another run", "seed 0 there, 5 now", "--output_dir", "--resume False"],
    "test id in training": ["ISIC-2017 test split", "ISIC_0012086"],
    "test id in the second stream": ["ISIC-2017 test split", "ISIC_0012086"],
    "unknown split": ["split must be one of train, val, test", "'dev'"],
    "split that is not there": ["no test split"],
    "another evaluation in the folder": ["evaluated holds another evaluation (split 'val' there, 'train' now): name"],
    "unknown views": ["views must be one of none, fast, paper", "'all'"],
    "unknown precision": ["precision must be one of auto, fp32, bf16", "'fp8'"],
    "unknown schedule": ["schedule must be one of linear, cosine, constant", "'step'"],
    "no iterations": ["at least 1", "0"],
    "pretrained paper without file": ["R50+ViT-B_16.npz"],
    "text renamed jpg": ["a.jpg", "check-data"],
    "truncated jpeg": ["a.jpg", "truncated", "re-download"],
    "mask of another size": ["mask is 5x7", "image", "96x64"],
    "mask without image": ["mask without image", "orphan_segmentation.png"],
    "missing column": ["missing column seborrheic_keratosis"],
    "unknown id": ["unknown id", "ghost"],
    "label outside 0 and 1": ["melanoma of a must be 0 or 1, got '2'"],
    "both labels": ["a is both melanoma and seborrheic_keratosis"],
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run as far as these tests look at it."""
    folder = tmp_path_factory.mktemp("trained")
    state = build_network("lite").state_dict()
    torch.save(state, folder / "model.pt")
    identity = {"variant": "lite", "seed": 0, "labelled_batch": 2, "unlabelled_batch": 1, "iterations_per_epoch": 1}
    torch.save({"iteration": 1, "identity": identity, "objects": {}}, folder / "checkpoint.pt")
    return folder


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory, challenge: Callable, lesion: Callable) -> Callable[..., Path]:
    """A training split with images a.jpg, b.jpg, c.jpg that a case may spoil."""
    photograph, inside = lesion()
    image, mask = Image.fromarray(photograph), Image.fromarray((inside * 255).astype("uint8"))
    good = tmp_path_factory.mktemp("good")
    challenge(good, "Training", {f"{name}.jpg": (image, mask, label) for label, name in enumerate("abc")})

    def spoil(change: Callable[[Path, Path, Path], object] = lambda images, masks, table: None) -> Path:
        root = tmp_path_factory.mktemp("spoilt")
        shutil.copytree(good, root, dirs_exist_ok=True)
        parts = ("Data", "Part1_GroundTruth", "Part3_GroundTruth.csv")
        change(*(root / f"ISIC-2017_Training_{part}" for part in parts))
        return root

    return spoil


def replaced(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


@pytest.fixture(scope="module")
def refused(
    commands: Callable, configs: Path, dataset: Callable, trained: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple]:
    cwd = tmp_path_factory.mktemp("cwd")
    empty, bad = tmp_path_factory.mktemp("empty"), tmp_path_factory.mktemp("bad")
    good = dataset()
    whole = (good / "ISIC-2017_Training_Data" / "a.jpg").read_bytes()
    cut = whole[: len(whole) * 9 // 10]  # the header is whole, the last rows are not there
    (bad / "truncated.jpg").write_bytes(cut)
    (bad / "text.jpg").write_text("no image")

    def test_id(images: Path, masks: Path, table: Path) -> None:
        (images / "a.jpg").rename(images / "ISIC_0012086.jpg")
        (masks / "a_segmentation.png").rename(masks / "ISIC_0012086_segmentation.png")
        replaced(table, "a,", "ISIC_0012086,")
        replaced(table, "melanomISIC_0012086,", "melanoma,")

    extra = tmp_path_factory.mktemp("extra")
    (extra / "isic_0012086_downsampled.JPG").write_bytes(whole)

    train, evaluate, inference = (configs / f"{name}.json" for name in ("train", "evaluate", "inference"))

    def training(data: Path, *more: object, output: Path = cwd / "out") -> list[object]:
        words = ["run", "training", "--config_file", train, "--dataset_dir", data, "--output_dir", output]
        return [*words, *SMALL.split(), *more]

    def evaluating(*more: object) -> list[object]:
        files = f"['{train}','{evaluate}']"
        return ["run", "evaluating", "--config_file", files, "--dataset_dir", good, "--num_workers", "0", *more]

    def predicting(*more: object) -> list[object]:
        return ["run", "inference", "--config_file", inference, "--num_workers", "0", *more]

    unread = ["--weights", trained]
    evaluated = cwd / "evaluated"
    evaluated.mkdir()
    (evaluated / "metrics.json").write_text('{"protocol": {"split": "val"}}')
    lines = {
        "unknown variant": training(good, "--variant", "huge"),
        "mistyped override": training(good, "--datset_dir", "x"),
        "mistyped override of an overlay": evaluating("--splitt", "val"),
        "mistyped nested override": training(good, "--train#trainer#max_epoch", "3"),
        "missing folder": training(cwd / "nowhere"),
        "empty folder": training(empty),
        "empty folder for inference": predicting("--dataset_dir", empty, *unread),
        "no image can be read": predicting("--dataset_dir", bad, *unread),
        "checkpoint of another variant": evaluating("--split", "train", "--variant", "paper", *unread),
        "checkpoint instead of weights": evaluating("--split", "train", "--weights", trained / "checkpoint.pt"),
        "weights that are not there": predicting("--dataset_dir", bad, "--weights", cwd / "nothing.pt"),
        "another variant on resume": training(good, "--variant", "paper", output=trained),
        "another seed on resume": training(good, "--seed", "5", output=trained),
        "test id in training": training(dataset(test_id)),
        "test id in the second stream": training(good, "--additional_dir", extra),
        "unknown split": evaluating("--split", "dev", *unread),
        "split that is not there": evaluating("--split", "test", *unread),
        "another evaluation in the folder": evaluating("--split", "train", "--output_dir", evaluated, *unread),
        "unknown views": predicting("--dataset_dir", good / "ISIC-2017_Training_Data", "--views", "all", *unread),
        "unknown precision": training(good, "--precision", "fp8"),
        "unknown schedule": training(good, "--schedule", "step"),
        "no iterations": training(good, "--max_iterations", "0"),
        "pretrained paper without file": training(good, "--variant", "paper", "--pretrained", "True"),
        "text renamed jpg": training(dataset(lambda images, *_: (images / "a.jpg").write_text("no image"))),
        "truncated jpeg": training(
            dataset(lambda images, *_: (images / "a.jpg").write_bytes(cut)), "--num_workers", "1"
        ),
        "mask of another size": training(
            dataset(lambda _, masks, __: Image.new("L", (5, 7)).save(masks / "a_segmentation.png"))
        ),
        "mask without image": training(
            dataset(lambda _, masks, __: Image.new("L", (5, 7)).save(masks / "orphan_segmentation.png"))
        ),
        "missing column": training(dataset(lambda *parts: replaced(parts[2], "seborrheic_keratosis", "sk"))),
        "unknown id": training(dataset(lambda *parts: parts[2].write_text(parts[2].read_text() + "ghost,0,0\n"))),
        "label outside 0 and 1": training(dataset(lambda *parts: replaced(parts[2], "\na,0.0,0.0", "\na,2,0"))),
        "both labels": training(dataset(lambda *parts: replaced(parts[2], "\na,0.0,0.0", "\na,1,1"))),
    }
    assert set(lines) == set(SAID)
    return dict(zip(lines, commands(list(lines.values()), cwd=cwd)))


@pytest.mark.parametrize("case", SAID)
def test_the_command_stops_with_one_clear_line(refused: dict, case: str) -> None:
    outcome = refused[case]
    assert outcome.code == 1
    assert "Traceback" not in outcome.err
    errors = [line for line in outcome.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, outcome.err[-2000:]
    for words in SAID[case]:
        assert words in errors[0], errors[0]


def test_a_variant_without_shipped_weights_names_the_command_that_trains_it(
    prepared: Callable, synthetic: Path, tmp_path: Path
) -> None:
    bare = [variant for variant in ("paper", "lite") if not shipped_weights(variant).is_file()]
    if not bare:
        pytest.skip("weights ship for every variant")
    workflow = prepared("inference", variant=bare[-1], dataset_dir=synthetic, output_dir=tmp_path)
    with pytest.raises(RuntimeError) as raised:
        workflow.initialize()
    message = str(raised.value.__cause__)
    assert f"no weights ship for variant '{bare[-1]}'" in message
    assert f"run training --config_file bundle/configs/train.json --variant {bare[-1]}" in message


@pytest.mark.parametrize("sides", [(32, 40), (15, 32), (0, 32)])
def test_the_network_refuses_sides_that_are_no_multiples_of_16(sides: tuple[int, int]) -> None:
    network = build_network("lite", num_layers=0).eval()
    with pytest.raises(ValueError, match=f"multiples of 16, got {sides[0]} x {sides[1]}; pad or resize first"):
        network(torch.zeros(1, 3, *sides))
