# SPDX-License-Identifier: Apache-2.0
"""``mt-transunet package``: a bundle that needs nothing of this repository."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

import mt_transunet
from mt_transunet import build_network, load_network
from mt_transunet.networks import shipped_weights, weights_hash
from mt_transunet.packaging import BUNDLE_NAMES, package_bundle
from mt_transunet.packaging.metadata import packaged_metadata

SMALL = "--num_workers 0 --views none --view_sizes [32]".split()

FROM_PYTHON = """
import sys
from pathlib import Path
import torch
from monai.bundle import ConfigWorkflow, load

bundle = Path(sys.argv[1])
workflow = ConfigWorkflow(str(bundle / "configs" / "inference.json"), workflow_type="inference", logging_file=False)
workflow.initialize()
assert workflow.check_properties() == [], workflow.check_properties()
assert Path(workflow.bundle_root) == bundle, workflow.bundle_root
assert Path(sys.modules["mt_transunet"].__file__).is_relative_to(bundle)
trained = workflow.network_def.eval()
loaded = load(bundle.name, bundle_dir=str(bundle.parent), workflow_type="inference", device="cpu").eval()
image = torch.rand(1, 3, 32, 48)
with torch.inference_mode():
    for name, output in trained(image).items():
        assert torch.equal(output, loaded(image)[name]), name
"""


@pytest.fixture(scope="module")
def packed(tmp_path_factory) -> list[Path]:
    return package_bundle("lite", tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory, packed) -> Path:
    """A folder with the zip unpacked and a transforms.py of its own."""
    folder = tmp_path_factory.mktemp("elsewhere")
    zipfile.ZipFile(packed[1]).extractall(folder / "zoo")
    (folder / "transforms.py").write_text("raise RuntimeError('the wrong transforms')\n")
    return folder


@pytest.fixture(scope="module")
def python(elsewhere, foreign_python):
    """Runs a Python there that does not know the package, and returns what it printed."""
    return foreign_python(elsewhere)


@pytest.fixture(scope="module")
def bundle(elsewhere) -> Path:
    return elsewhere / "zoo" / BUNDLE_NAMES["lite"]


def configs(bundle: Path, *names: str) -> list[str]:
    return ["--config_file", str([str(bundle / "configs" / name) for name in names])]


def test_the_environment_of_these_tests_does_not_know_the_package(python):
    assert python("-c", "import importlib.util as u; print(u.find_spec('mt_transunet'))").strip() == "None"


def test_inference_runs_from_a_foreign_folder(python, bundle, elsewhere):
    images = bundle / "sample_data" / "ISIC-2017_Test_v2_Data"
    words = ["-m", "monai.bundle", "run", "inference", *configs(bundle, "inference.json"), *SMALL]
    python(*words, "--dataset_dir", images, "--output_dir", elsewhere / "predictions")
    with open(elsewhere / "predictions" / "predictions.csv") as stream:
        assert [row["status"] for row in csv.DictReader(stream)] == ["ok"] * 3


def test_evaluation_runs_from_a_foreign_folder(python, bundle, elsewhere):
    words = ["-m", "monai.bundle", "run", "evaluating", *configs(bundle, "train.json", "evaluate.json"), *SMALL]
    samples = ["--dataset_dir", bundle / "sample_data", "--split", "test", "--resamples", "20"]
    python(*words, *samples, "--output_dir", elsewhere / "evaluation")
    metrics = json.loads((elsewhere / "evaluation" / "metrics.json").read_text())
    weights = hashlib.sha256((bundle / "models" / "model.pt").read_bytes()).hexdigest()
    assert metrics["segmentation"]["n"] == 3 and metrics["protocol"]["weights_sha256"] == weights


def test_training_runs_from_a_foreign_folder(python, bundle, elsewhere):
    words = ["-m", "monai.bundle", "run", "training", *configs(bundle, "train.json"), "--max_iterations", "2"]
    words += "--image_size 32 --labelled_batch 2 --unlabelled_batch 1 --pretrained False --num_workers 0".split()
    samples = ["--dataset_dir", bundle / "sample_data", "--additional_dir", bundle / "sample_data" / "additional"]
    python(*words, *samples, "--output_dir", elsewhere / "training")
    with open(elsewhere / "training" / "history.csv") as stream:
        assert [row["iteration"] for row in csv.DictReader(stream)][-1] == "2"


def test_onnx_is_exported_from_a_foreign_folder(python, bundle, elsewhere):
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install -e .[export]")
    words = ["-m", "monai.bundle", "onnx_export", "--args_file", bundle / "configs" / "onnx_export.yaml"]
    words += [*configs(bundle, "inference.json"), "--bundle_root", bundle]
    python(*words, "--ckpt_file", bundle / "models" / "model.pt", "--filepath", elsewhere / "model.onnx")
    image = torch.rand(3, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    session = onnxruntime.InferenceSession(elsewhere / "model.onnx")
    found = session.run(["mask_logits", "class_logits"], {"image": image.numpy()})
    with torch.inference_mode():
        expected = load_network("lite")(image)
    for name, output in zip(("mask_logits", "class_logits"), found):
        torch.testing.assert_close(torch.from_numpy(output), expected[name], atol=1e-4, rtol=0)


def test_python_finds_the_code_without_being_told_where_it_lies(python, bundle, elsewhere):
    (elsewhere / "script.py").write_text(FROM_PYTHON)
    python("script.py", bundle)


def test_the_manifest_holds_every_file(bundle):
    manifest = json.loads((bundle / "manifest.json").read_text())
    files = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert set(manifest) == files - {"manifest.json"}
    for name, digest in manifest.items():
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == digest


def test_the_same_bundle_is_the_same_archive(packed, tmp_path):
    again = package_bundle("lite", tmp_path)[1]
    assert again.name == packed[1].name and again.read_bytes() == packed[1].read_bytes()


def test_the_shipped_weights_are_packed_as_they_are(bundle):
    shipped = shipped_weights("lite")
    assert (bundle / "models" / "model.pt").read_bytes() == shipped.read_bytes()
    assert json.loads((bundle / "models" / "model.json").read_text()) == json.loads(
        shipped.with_suffix(".json").read_text()
    )


def test_the_figures_of_the_metadata_are_those_of_the_record(bundle):
    figures = json.loads((bundle / "configs" / "metadata.json").read_text())["eval_metrics"]
    measured = json.loads((bundle / "models" / "model.json").read_text())["validation"]["paper"]
    assert figures["validation_18_views_mean_jaccard"] == round(measured["segmentation"]["JA"]["value"], 3)
    assert figures["validation_18_views_melanoma_auc"] == round(
        measured["classification"]["melanoma"]["AUC"]["value"], 3
    )


def test_a_linked_bundle_runs_the_code_of_this_source_tree(tmp_path):
    (folder,) = package_bundle("lite", tmp_path, linked=True)
    assert (folder / "mt_transunet" / "networks").samefile(Path(mt_transunet.__file__).parent / "networks")
    assert (folder / "mt_transunet" / "transforms" / "level_set.py").is_file()
    assert not any(name.startswith("mt_transunet") for name in json.loads((folder / "manifest.json").read_text()))
    assert package_bundle("lite", tmp_path, linked=True) == [folder]  # a change of the code is no change of the bundle


def test_a_changed_bundle_is_not_overwritten(packed):
    folder = packed[0]
    document = folder / "docs" / "README.md"
    before = document.read_text()
    document.write_text(before + "mine\n")
    try:
        with pytest.raises(ValueError, match=r"was changed since it was written \(docs/README.md\)"):
            package_bundle("lite", folder.parent)
    finally:
        document.write_text(before)


def test_a_folder_that_is_no_bundle_stays(tmp_path):
    (tmp_path / BUNDLE_NAMES["lite"]).mkdir()
    with pytest.raises(ValueError, match="is no packaged bundle"):
        package_bundle("lite", tmp_path)


def test_a_variant_without_weights_names_the_training(tmp_path):
    if shipped_weights("paper").is_file():
        pytest.skip("paper has weights")
    with pytest.raises(ValueError, match="no weights ship for variant 'paper' yet; train them"):
        package_bundle("paper", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_weights_of_a_run_are_packed_in_half_precision_with_the_size_they_know(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    torch.save(build_network("lite").state_dict(), run / "model.pt")
    (run / "config.json").write_text(json.dumps({"settings": {"image_size": 96}}))
    folder = package_bundle("lite", tmp_path / "out", weights=run)[0]
    assert torch.load(folder / "models" / "model.pt", weights_only=True)["class_head.weight"].dtype == torch.float16
    assert json.loads((folder / "models" / "model.json").read_text())["image_size"] == 96
    assert json.loads((folder / "configs" / "metadata.json").read_text())["eval_metrics"] == {}
    assert "Nobody has measured how good these weights are" in (folder / "docs" / "model_card.md").read_text()


def test_the_card_beside_weights_of_ones_own_is_packed_with_the_figures_of_their_record(tmp_path):
    torch.save(build_network("lite").state_dict(), tmp_path / "own.pt")
    by_class = {"melanoma": {"AUC": {"value": 0.8125}}, "seborrheic_keratosis": {"AUC": None}}
    judged = {"segmentation": {"JA": {"value": 0.7}, "DI": {"value": 0.8}}, "classification": by_class}
    judged["protocol"] = {"learned_from": 0, "split": "val", "views": "fast", "sizes": [192]}
    record = {"sha256": weights_hash(tmp_path / "own.pt"), "variant": "lite", "held_out": {"val": judged}}
    record |= {"judged_by_others": False, "chosen_on_these": False}
    (tmp_path / "own.json").write_text(json.dumps(record))
    (tmp_path / "own.md").write_text("filled in by a person")
    folder = package_bundle("lite", tmp_path / "out", weights=tmp_path / "own.pt")[0]
    assert (folder / "docs" / "model_card.md").read_text() == "filled in by a person"
    metadata = json.loads((folder / "configs" / "metadata.json").read_text())
    assert metadata["eval_metrics"] == {
        "validation_4_views_mean_jaccard": 0.7,
        "validation_4_views_mean_dice": 0.8,
        "validation_4_views_melanoma_auc": 0.812,
    }
    assert metadata["data_source"].startswith("of the weights: see docs/model_card.md")


def test_the_shipped_weights_keep_their_card(bundle):
    assert (bundle / "docs" / "model_card.md").read_text().startswith("# Model card: `lite`")
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text())
    assert "216 images of the ISIC archive" in metadata["data_source"]


def test_weights_of_another_variant_are_refused(tmp_path):
    torch.save(build_network("lite", num_layers=2).state_dict(), tmp_path / "small.pt")
    with pytest.raises(ValueError, match="holds variant 'lite' with .* 2 layers, not those of 'lite'"):
        package_bundle("lite", tmp_path / "out", weights=tmp_path / "small.pt")


def test_the_command_prints_both_paths(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mt_transunet.cli", "package", "lite", tmp_path], capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [str(tmp_path / f"{BUNDLE_NAMES['lite']}{ending}") for ending in ("", ".zip")]


@pytest.mark.parametrize("key, value", [("judged_by_others", True), ("chosen_on_these", True), ("seen", None)])
def test_the_metadata_have_no_figures_of_other_networks_or_that_may_flatter(key, value):
    judged = {"segmentation": {"JA": {"value": 0.7}}, "protocol": {"learned_from": None if key == "seen" else 0}}
    record = {
        "held_out": {"val": judged},
        "judged_by_others": False,
        "chosen_on_these": False,
        key: value,
    }
    metadata = {"name": "a", "required_packages_version": {}}
    assert packaged_metadata(metadata, variant="lite", record=record)["eval_metrics"] == {}
