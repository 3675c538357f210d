# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import pytest
import torch

from mt_transunet.networks import build_network
from mt_transunet.networks.pretrained import pretrained_targets
from mt_transunet.networks.weight_files import WeightsError
from mt_transunet.networks.weight_maps import (
    EFFICIENTNET_LITE2,
    GOOGLE,
    TIMM,
    TORCHVISION,
    from_jax,
    source_names,
    translate,
)

MAPS = [
    ("resnet_v2", GOOGLE),
    ("resnet_v2", TIMM),
    ("efficientnet_lite2", EFFICIENTNET_LITE2),
    ("resnet50", TORCHVISION),
]


def targets(encoder: str, source, num_layers: int = 2) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        network = build_network("paper", encoder=encoder, num_layers=num_layers)
    return pretrained_targets(network, source)


@pytest.mark.parametrize(("encoder", "source"), MAPS)
def test_map_is_a_bijection_onto_the_parameters_it_fills(encoder, source):
    names = [name for key in targets(encoder, source) for name in source_names(source, key)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("source", [GOOGLE, TIMM])
def test_hybrid_weights_fill_all_but_class_token_decoder_and_heads(source):
    with torch.device("meta"):
        network = build_network("paper", num_layers=2)
    rest = set(network.state_dict()) - set(pretrained_targets(network, source))
    assert {key.split(".")[0] for key in rest} == {
        "transformer",
        "decoder",
        "mask_head",
        "level_set_head",
        "class_head",
    }
    assert {key for key in rest if key.startswith("transformer")} == {"transformer.class_token"}


def test_google_names_of_the_first_stage_and_block_are_those_of_the_archive():
    expected = {
        "encoder.stem.conv.weight": ["conv_root/kernel"],
        "encoder.stem.norm.weight": ["gn_root/scale"],
        "encoder.stages.0.0.downsample.conv.weight": ["block1/unit1/conv_proj/kernel"],
        "encoder.stages.2.8.unit3.norm.bias": ["block3/unit9/gn3/bias"],
        "encoder.stages.1.0.downsample.norm.weight": ["block2/unit1/gn_proj/scale"],
        "patch_embedding.projections.0.weight": ["embedding/kernel"],
        "transformer.blocks.3.norm2.weight": ["Transformer/encoderblock_3/LayerNorm_2/scale"],
        "transformer.blocks.0.mlp.fc2.weight": ["Transformer/encoderblock_0/MlpBlock_3/Dense_1/kernel"],
        "transformer.norm.weight": ["Transformer/encoder_norm/scale"],
        "transformer.blocks.0.attn.qkv.bias": [
            f"Transformer/encoderblock_0/MultiHeadDotProductAttention_1/{part}/bias"
            for part in ("query", "key", "value")
        ],
    }
    assert {key: source_names(GOOGLE, key) for key in expected} == expected


def test_timm_names_are_those_of_its_state_dict():
    expected = {
        "encoder.stem.norm.bias": ["patch_embed.backbone.stem.norm.bias"],
        "encoder.stages.2.8.unit3.conv.weight": ["patch_embed.backbone.stages.2.blocks.8.conv3.weight"],
        "encoder.stages.1.0.downsample.norm.weight": ["patch_embed.backbone.stages.1.blocks.0.downsample.norm.weight"],
        "patch_embedding.projections.0.bias": ["patch_embed.proj.bias"],
        "transformer.blocks.3.attn.qkv.weight": ["blocks.3.attn.qkv.weight"],
        "transformer.norm.bias": ["norm.bias"],
    }
    assert {key: source_names(TIMM, key) for key in expected} == expected


def test_jax_kernel_turns_from_hwio_to_oihw():
    kernel = torch.arange(24).reshape(1, 2, 3, 4)
    assert from_jax(kernel, torch.Size([4, 3, 1, 2]))[3, 1, 0, 1] == kernel[0, 1, 1, 3]


def test_jax_heads_are_joined_head_by_head():
    query = torch.arange(24).reshape(4, 2, 3)  # (in, heads, d)
    out = torch.arange(24).reshape(2, 3, 4)  # (heads, d, out)
    assert from_jax(query, torch.Size([6, 4]))[5, 1] == query[1, 1, 2]
    assert from_jax(out, torch.Size([4, 6]))[1, 5] == out[1, 2, 1]


def test_foreign_part_of_a_source_is_named():
    wanted = {"encoder.conv1.weight": torch.zeros(1)}
    weights = {"conv1.weight": torch.ones(1), "layer4.0.conv1.weight": torch.ones(1), "se.weight": torch.ones(1)}
    with pytest.raises(WeightsError, match="this is not a torchvision ResNet: it also holds se.weight"):
        translate(TORCHVISION, weights, wanted)


def test_missing_and_misshapen_tensors_are_named():
    wanted = {"encoder.conv1.weight": torch.zeros(2)}
    with pytest.raises(WeightsError, match="conv1.weight is missing"):
        translate(TORCHVISION, {"conv2.weight": torch.ones(2)}, wanted)
    message = re.escape("conv1.weight gives shape (3,) for encoder.conv1.weight, which needs (2,)")
    with pytest.raises(WeightsError, match=message):
        translate(TORCHVISION, {"conv1.weight": torch.ones(3)}, wanted)


def test_key_that_no_rule_covers_is_named():
    with pytest.raises(WeightsError, match="has nothing for decoder.first.0.weight"):
        source_names(TIMM, "decoder.first.0.weight")
