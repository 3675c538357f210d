# SPDX-License-Identifier: Apache-2.0
"""The TensorRT overlay, without TensorRT: what it says, and the ONNX file that the engine would be built from.

No engine was ever built from it; that needs a GPU.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow
from monai.networks.trt_compiler import get_dynamic_axes
from monai.networks.utils import add_casts_around_norms, convert_to_onnx
from PIL import Image

from mt_transunet import load_network
from mt_transunet.networks import MTTransUNet


@pytest.fixture
def parser(configs: Path) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config([configs / "inference.json", configs / "inference_trt.json"])
    parser["device"] = "cpu"
    return parser


def test_what_is_no_key_of_inference_belongs_to_tensorrt(configs: Path) -> None:
    overlay, config = (json.loads((configs / name).read_text()) for name in ("inference_trt.json", "inference.json"))
    assert set(overlay) - set(config) == {"trt_sides", "trt_args"}
    assert set(overlay) & set(config) == {"network"}


def test_the_profile_spans_the_sizes_and_batches_of_all_views(parser: ConfigParser) -> None:
    arguments = parser.get_parsed_content("trt_args")
    smallest, usual, largest = [1, 3, 160, 160], [4, 3, 192, 192], [16, 3, 224, 224]
    assert arguments["input_profiles"] == [{"image": [smallest, usual, largest]}]
    assert largest[0] == parser.get_parsed_content("inferer").max_batch


def test_where_there_is_no_tensorrt_the_network_is_the_one_of_inference(parser: ConfigParser) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU: the network may be wrapped")
    network = parser.get_parsed_content("network")
    assert isinstance(network, MTTransUNet) and network.forward.__func__ is MTTransUNet.forward


def test_an_ensemble_is_refused_for_an_engine_holds_one_network(parser: ConfigParser) -> None:
    parser["weights"] = ["a.pt", "b.pt"]
    parser["trained"] = {"image_size": 192, "view_sizes": [160, 192, 224]}
    with pytest.raises(RuntimeError) as raised:
        parser.get_parsed_content("network")
    assert "an engine is built of one file of weights, got a.pt, b.pt; name one" in str(raised.value.__cause__)


def test_inference_runs_with_the_overlay(configs: Path, dark_is_lesion: dict, lesion: Callable, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU: this would build an engine")
    photograph, inside = lesion()
    (tmp_path / "images").mkdir()
    Image.fromarray(photograph).save(tmp_path / "images" / "one.png")
    workflow = ConfigWorkflow(
        config_file=[str(configs / "inference.json"), str(configs / "inference_trt.json")],
        workflow_type="inference",
        logging_file=False,
        dataset_dir=str(tmp_path / "images"),
        output_dir=str(tmp_path / "out"),
        num_workers=0,
        views="none",
        view_sizes=[32],
        **dark_is_lesion,
    )
    workflow.initialize()
    workflow.run()
    mask = np.asarray(Image.open(tmp_path / "out" / "one_mask.png")) > 0
    assert 2 * (mask & inside).sum() / (mask.sum() + inside.sum()) > 0.9


@pytest.fixture(scope="module")
def session(configs: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The shipped weights as MONAI's ``TrtCompiler`` takes them to ONNX: an input by name, norms in float32."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install -e .[export]")
    arguments = json.loads((configs / "inference_trt.json").read_text())["trt_args"]
    network, path = load_network("lite"), tmp_path_factory.mktemp("trt") / "model.onnx"
    add_casts_around_norms(network)
    convert_to_onnx(
        network,
        {"image": torch.rand(2, 3, 96, 128)},
        filename=str(path),
        input_names=["image"],
        output_names=arguments["output_names"],
        dynamic_axes=get_dynamic_axes([{"image": [[1, 3, 160, 160], [4, 3, 192, 192], [16, 3, 224, 224]]}]),
        **arguments["export_args"],
    )
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("shape", [(1, 3, 160, 160), (3, 3, 224, 224)])
def test_the_names_in_the_onnx_file_are_those_of_the_outputs(session: Any, shape: tuple[int, ...]) -> None:
    image = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = load_network("lite")(image)
    found = dict(zip([put.name for put in session.get_outputs()], session.run(None, {"image": image.numpy()})))
    assert found.keys() == expected.keys()
    for name, output in expected.items():
        torch.testing.assert_close(torch.from_numpy(found[name]), output, atol=1e-4, rtol=0)
