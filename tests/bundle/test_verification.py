# SPDX-License-Identifier: Apache-2.0
"""MONAI's own checks of a bundle, on the bundle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from monai.bundle import ckpt_export, verify_metadata, verify_net_in_out

from mt_transunet import load_network
from mt_transunet.networks import shipped_weights

OUTPUTS = "_meta_::network_data_format::outputs::pred::"


def verified(configs: Path, net_id: str, **overrides: object) -> None:
    files = {"config_file": str(configs / "inference.json"), "meta_file": str(configs / "metadata.json")}
    verify_net_in_out(net_id=net_id, device="cpu", n=2, **files, **overrides)


def test_the_mask_has_the_shape_and_type_the_metadata_says(configs: Path) -> None:
    verified(configs, "seg_net_def")


def test_the_classes_are_as_many_as_the_metadata_says(configs: Path) -> None:
    channels = json.loads((configs / "metadata.json").read_text())["network_data_format"]["outputs"]["class_logits"]
    verified(configs, "cls_net_def", **{f"{OUTPUTS}num_channels": channels["num_channels"]})


def test_metadata_that_is_wrong_is_noticed(configs: Path) -> None:
    with pytest.raises(ValueError, match="`3` doesn't match: `2`"):
        verified(configs, "cls_net_def")


def test_the_mask_is_the_first_output_for_tools_that_know_one(configs: Path) -> None:
    outputs = json.loads((configs / "metadata.json").read_text())["network_data_format"]["outputs"]
    assert list(outputs) == ["pred", "level_set", "class_logits", "attention"]
    assert outputs["pred"]["channel_def"] == {"0": "background", "1": "lesion"}


@pytest.fixture(scope="module")
def exported(configs: Path, tmp_path_factory: pytest.TempPathFactory) -> torch.jit.ScriptModule:
    path = tmp_path_factory.mktemp("export") / "model.ts"
    ckpt_export(
        net_id="network_def",
        filepath=str(path),
        ckpt_file=str(shipped_weights("lite")),
        meta_file=str(configs / "metadata.json"),
        config_file=str(configs / "inference.json"),
    )
    return torch.jit.load(path).eval()


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("size", [(64, 64), (96, 160), (192, 192)])
def test_torchscript_of_the_shipped_weights_answers_as_the_network(
    exported: torch.jit.ScriptModule, batch: int, size: tuple[int, int]
) -> None:
    image = torch.rand(batch, 3, *size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected, found = load_network("lite")(image), exported(image)
    assert found.keys() == expected.keys()
    for name, output in expected.items():
        torch.testing.assert_close(found[name], output, atol=1e-4, rtol=0)


REQUIRED = (
    *("schema", "version", "monai_version", "pytorch_version", "numpy_version", "required_packages_version"),
    *("task", "description", "authors", "copyright", "network_data_format"),
)
TENSOR = ("type", "format", "num_channels", "spatial_shape", "dtype", "value_range")


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """What schema 20240725 demands, written down here: the published file is not fetched. It lies where MONAI looks."""
    kinds = {"type": "string", "format": "string", "num_channels": "integer", "spatial_shape": "array"}
    tensor = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in {**kinds, "dtype": "string"}.items()},
        "required": list(TENSOR),
    }
    tensor["properties"]["value_range"] = {"type": "array", "items": {"type": "number"}}
    tensors = {"type": "object", "patternProperties": {"^.+$": tensor}}
    formats = {"type": "object", "properties": dict.fromkeys(("inputs", "outputs"), tensors)}
    properties = {name: {"type": "string"} for name in REQUIRED}
    properties |= {"required_packages_version": {"type": "object"}, "changelog": {"type": "object"}}
    properties["network_data_format"] = {**formats, "required": ["inputs", "outputs"]}
    content = {"type": "object", "properties": properties, "required": list(REQUIRED)}
    (tmp_path / "schema.json").write_text(json.dumps(content))
    return tmp_path / "schema.json"


def test_the_metadata_holds_what_the_schema_demands(configs: Path, schema: Path) -> None:
    verify_metadata(meta_file=str(configs / "metadata.json"), filepath=str(schema))


@pytest.mark.parametrize("missing", ["task", "required_packages_version"])
def test_metadata_without_a_required_key_is_noticed(configs: Path, schema: Path, tmp_path: Path, missing: str) -> None:
    metadata = json.loads((configs / "metadata.json").read_text())
    del metadata[missing]
    (tmp_path / "metadata.json").write_text(json.dumps(metadata))
    with pytest.raises(ValueError, match=f"'{missing}' is a required property"):
        verify_metadata(meta_file=str(tmp_path / "metadata.json"), filepath=str(schema))


def test_the_changelog_tells_of_the_version(configs: Path) -> None:
    metadata = json.loads((configs / "metadata.json").read_text())
    assert metadata["version"] in metadata["changelog"] and metadata["schema"].endswith("meta_schema_20240725.json")
