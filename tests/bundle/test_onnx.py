# SPDX-License-Identifier: Apache-2.0
"""``python -m monai.bundle onnx_export`` as it is typed, and the file it writes under ONNX Runtime."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mt_transunet import load_network
from mt_transunet.networks import shipped_weights

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install -e .[export]")
pytest.importorskip("onnx", reason="onnx is not installed: pip install -e .[export]")

OUTPUTS = {
    "mask_logits": ["batch", 2, "height", "width"],
    "level_set": ["batch", 1, "height", "width"],
    "class_logits": ["batch", 3],
    "attention": ["batch", "rows", "columns"],
}


@pytest.fixture(scope="module")
def session(commands: Callable, configs: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The shipped weights, exported by the README's command from the repository's root."""
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    words = ["onnx_export", "--args_file", "bundle/configs/onnx_export.yaml", "--config_file"]
    words += ["bundle/configs/inference.json", "--ckpt_file", "bundle/models/lite.pt", "--filepath", path]
    (outcome,) = commands([words], cwd=configs.parents[1])
    assert outcome.code == 0, outcome.err[-3000:]
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def test_input_and_outputs_have_names_and_only_sides_and_batch_are_open(session: Any) -> None:
    assert {put.name: put.shape for put in session.get_inputs()} == {"image": ["batch", 3, "height", "width"]}
    assert {put.name: put.shape for put in session.get_outputs()} == OUTPUTS


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("size", [(64, 64), (96, 160), (192, 192)])
def test_onnx_of_the_shipped_weights_answers_as_the_network(session: Any, batch: int, size: tuple[int, int]) -> None:
    image = torch.rand(batch, 3, *size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = load_network("lite")(image)
    found = dict(zip(OUTPUTS, session.run(list(OUTPUTS), {"image": image.numpy()})))
    assert expected.keys() == found.keys()
    for name, output in expected.items():
        torch.testing.assert_close(torch.from_numpy(found[name]), output, atol=1e-4, rtol=0)


def test_a_view_takes_the_checkpoint_of_the_network(configs: Path) -> None:
    from monai.bundle import ConfigParser

    parser = ConfigParser()
    parser.read_config(configs / "inference.json")
    state = torch.load(shipped_weights("lite"), weights_only=True)
    for name in ("tuple_net_def", "seg_net_def", "cls_net_def"):
        view = parser.get_parsed_content(name)
        view.load_state_dict(state)
        assert torch.equal(view.network.class_head.weight, state["class_head.weight"].float())


def test_every_output_of_the_file_is_one_of_the_metadata(configs: Path) -> None:
    """``pred`` there is what the network, TorchScript and ONNX call ``mask_logits``."""
    described = json.loads((configs / "metadata.json").read_text())["network_data_format"]["outputs"]
    assert ["pred" if name == "mask_logits" else name for name in OUTPUTS] == list(described)
