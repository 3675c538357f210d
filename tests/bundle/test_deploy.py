# SPDX-License-Identifier: Apache-2.0
"""The bundle inside MONAI Deploy's operator, of which a stand-in here does what the SDK's (4.0.0) does with a bundle.

The SDK itself is a gigabyte; ``tests/packaging/test_deploy_app.py`` runs the app with it where it is installed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor

from mt_transunet.deploy import LesionOperatorMixin

SMALL = {"views": "none", "view_sizes": [32], "precision": "fp32", "device": "$torch.device('cpu')"}


class BundleOperator:
    """The part of ``MonaiBundleInferenceOperator`` that reads a bundle and takes one input through it."""

    def __init__(self, bundle: Path, labels: tuple[str, ...], **overrides: Any) -> None:
        self.bundle_path = bundle
        self.overrides = overrides
        self._output_mapping = [SimpleNamespace(label=label) for label in labels]
        self._model_network = None
        self.sent: dict[str, Any] = {}

    def _init_config(self, config_names: list[str]) -> None:
        self._parser = ConfigParser()
        self._parser.read_meta(self.bundle_path / "configs" / "metadata.json")
        self._parser.read_config([self.bundle_path / "configs" / f"{name}.json" for name in config_names])
        for key, value in self.overrides.items():
            self._parser[key] = value
        self._inferer = self._parser.get_parsed_content("inferer")
        self._outputs = self._parser["_meta_"]["network_data_format"]["outputs"]
        self._preproc = self._get_compose("preprocessing", ["LoadImage", "SaveImage"])
        self._postproc = self._get_compose("postprocessing", ["LoadImage", "SaveImage"])

    def _get_compose(self, name: str, disallowed: list[str]) -> Any:
        compose = self._parser.get_parsed_content(name)
        kept = [step for step in compose.transforms if not any(word in type(step).__name__ for word in disallowed)]
        compose.transforms = tuple(kept)
        return compose

    def pre_process(self, data: Any) -> Any:
        return self._preproc(data)

    def predict(self, data: Any) -> Any:
        return self._inferer(inputs=data, network=self._model_network)

    def post_process(self, data: Any, preprocessed_inputs: dict[str, Any]) -> Any:
        return self._postproc({**data, **preprocessed_inputs})

    def _send_output(self, value: Any, name: str, metadata: dict, op_output: Any, context: Any) -> None:
        self.sent[name] = np.squeeze(value.numpy(), 0).astype(np.uint8)

    def emit(self, value: Any, name: str) -> None:
        self.sent[name] = value

    def answer(self, photograph: np.ndarray) -> dict[str, Any]:
        self._init_config(["inference"])
        with torch.no_grad():
            inputs = self.pre_process({"image": MetaTensor(torch.from_numpy(photograph))})
            image = inputs.pop("image")
            first, *_ = self.predict(data=image[None])  # of a dict this would be a key
            found = self.post_process(first, preprocessed_inputs={"image": image})
        for name in self._outputs:
            self._send_output(found[name], name, image.meta, self, None)
        return self.sent


class LesionOperator(LesionOperatorMixin, BundleOperator):
    pass


@pytest.fixture
def bundle(configs: Path, tmp_path: Path, dark_is_lesion: dict[str, Any]) -> Path:
    shutil.copytree(configs, tmp_path / "bundle" / "configs")
    (tmp_path / "bundle" / "models").mkdir()
    shutil.copyfile(dark_is_lesion["weights"], tmp_path / "bundle" / "models" / "model.pt")
    return tmp_path / "bundle"


@pytest.fixture
def operator(bundle: Path, dark_is_lesion: dict[str, Any]) -> Callable[..., LesionOperator]:
    def make(*labels: str) -> LesionOperator:
        return LesionOperator(bundle, labels or ("pred", "classification"), **SMALL, **dark_is_lesion)

    return make


def test_the_mask_lies_on_the_rows_and_columns_of_the_photograph(operator: Callable, lesion: Callable) -> None:
    photograph, inside = lesion(width=96, height=64)
    mask = operator().answer(photograph)["pred"]
    assert mask.shape == inside.shape == (64, 96) and set(np.unique(mask)) == {0, 1}
    overlap = 2 * (mask & inside).sum() / (mask.sum() + inside.sum())
    assert overlap > 0.9


def test_probabilities_have_the_names_of_the_metadata(operator: Callable) -> None:
    # 51 / 255 = 0.2 all over: darkness 20 (0.5 - 0.2) = 6, logits 0, 6, 12
    found = operator().answer(np.full((48, 80, 3), 51, np.uint8))["classification"]
    expected = np.exp([0, 6, 12]) / np.exp([0, 6, 12]).sum()
    assert found["predicted"] == "seborrheic keratosis"
    assert list(found["probabilities"]) == ["nevus", "melanoma", "seborrheic keratosis"]
    np.testing.assert_allclose(list(found["probabilities"].values()), expected, atol=1e-5)
    assert found["confidence"]["agreement"] == 1


def test_floats_of_the_sdks_own_loader_are_the_same_photograph(operator: Callable, lesion: Callable) -> None:
    photograph = lesion()[0]
    whole, floats = (operator().answer(pixels) for pixels in (photograph, photograph.astype(np.float32)))
    assert (whole["pred"] == floats["pred"]).all() and whole["classification"] == floats["classification"]


def test_only_outputs_with_a_port_are_sent(operator: Callable, lesion: Callable) -> None:
    assert list(operator("classification").answer(lesion()[0])) == ["classification"]


def test_an_output_that_does_not_exist_is_named(operator: Callable, lesion: Callable) -> None:
    with pytest.raises(ValueError, match="no output is called level_set; map pred and classification"):
        operator("pred", "level_set").answer(lesion()[0])


def test_channels_first_is_refused_with_the_remedy(operator: Callable, lesion: Callable) -> None:
    with pytest.raises(ValueError, match=r"got \(3, 64, 96\); .*channel_first=False"):
        operator().answer(np.moveaxis(lesion()[0], 2, 0).copy())


def test_reading_the_bundle_writes_nothing_and_leaves_the_folder_it_came_from(
    operator: Callable, bundle: Path, lesion: Callable
) -> None:
    files, before = sorted(bundle.rglob("*")), Path.cwd()
    operator().answer(lesion()[0])
    assert sorted(bundle.rglob("*")) == files and Path.cwd() == before
