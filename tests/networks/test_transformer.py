# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mt_transunet.networks.transformer import Transformer, TransformerBlock, class_attention


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def small(num_layers: int = 2, dropout: float = 0.0) -> Transformer:
    return Transformer(embed_dim=24, num_layers=num_layers, num_heads=3, hidden_dim=48, dropout=dropout).eval()


def test_block_has_the_parameters_of_the_authors_code():
    with torch.device("meta"):
        block = TransformerBlock(embed_dim=768, num_heads=12, hidden_dim=3072, dropout=0.1)
    assert sum(parameter.numel() for parameter in block.parameters()) == 7_087_872


def test_attention_of_the_class_token_equals_the_explicit_matrix():
    query, key = torch.randn(2, 3, 7, 8), torch.randn(2, 3, 7, 8)
    matrix = (query @ key.transpose(2, 3) / 8**0.5).softmax(-1).mean(1)  # (B, 1 + N, 1 + N)
    expected = matrix[:, 0, 1:] / matrix[:, 0, 1:].sum(-1, keepdim=True)
    torch.testing.assert_close(class_attention(query, key), expected)


def test_attention_is_that_of_the_last_layer_alone():
    transformer = small()
    found = []
    transformer.blocks[-1].attn.register_forward_hook(lambda module, args, output: found.append((module, args[0])))
    patches = torch.randn(2, 6, 24)
    _, attention = transformer(patches)
    layer, tokens = found[0]
    arguments = (layer.qkv.weight, layer.qkv.bias, None, None, False, 0.0, layer.proj.weight, layer.proj.bias)
    sequence = tokens.transpose(0, 1)
    _, matrix = F.multi_head_attention_forward(sequence, sequence, sequence, 24, 3, *arguments, training=False)
    expected = matrix[:, 0, 1:] / matrix[:, 0, 1:].sum(-1, keepdim=True)
    torch.testing.assert_close(attention, expected)


def test_block_equals_pytorchs_own_encoder_layer():
    block = TransformerBlock(embed_dim=24, num_heads=3, hidden_dim=48, dropout=0.0)
    layer = torch.nn.TransformerEncoderLayer(24, 3, 48, 0.0, "gelu", 1e-6, batch_first=True, norm_first=True)
    ours = {name: parameter.data for name, parameter in block.named_parameters()}
    for parameter in ours.values():
        parameter.add_(0.1 * torch.randn_like(parameter))
    renamed = {"attn.qkv.": "self_attn.in_proj_", "attn.proj": "self_attn.out_proj", "mlp.fc1": "linear1"}
    renamed["mlp.fc2"] = "linear2"
    for old, new in renamed.items():
        ours = {name.replace(old, new): tensor for name, tensor in ours.items()}
    layer.load_state_dict(ours)
    tokens = torch.randn(2, 5, 24)
    torch.testing.assert_close(block(tokens)[0], layer(tokens))


@pytest.mark.parametrize("num_layers", [0, 1, 3])
def test_attention_sums_to_1_per_image(num_layers):
    _, attention = small(num_layers)(torch.randn(3, 10, 24))
    assert attention.shape == (3, 10) and (attention >= 0).all()
    torch.testing.assert_close(attention.sum(-1), torch.ones(3))


def test_attention_is_uniform_without_layers():
    _, attention = small(0)(torch.randn(2, 5, 24))
    torch.testing.assert_close(attention, torch.full((2, 5), 0.2))


def test_attention_is_uniform_when_the_class_token_sees_only_itself():
    query, key = torch.zeros(1, 1, 5, 4), torch.zeros(1, 1, 5, 4)
    query[:, :, 0], key[:, :, 0] = 100.0, 100.0
    torch.testing.assert_close(class_attention(query, key), torch.full((1, 4), 0.25))


def test_attention_row_is_float32_under_autocast():
    transformer, patches = small(), torch.randn(2, 9, 24)
    _, expected = transformer(patches)
    with torch.autocast("cpu", torch.bfloat16):
        tokens, attention = transformer(patches)
    assert attention.dtype == tokens.dtype == torch.float32
    torch.testing.assert_close(attention.sum(-1), torch.ones(2))
    torch.testing.assert_close(attention, expected, rtol=0.05, atol=0)


def test_class_token_starts_at_zero_and_stands_first():
    transformer = small(0)
    assert not transformer.class_token.any()
    patches = torch.randn(1, 4, 24)
    tokens, _ = transformer(patches)
    torch.testing.assert_close(tokens[:, 1:], F.layer_norm(patches, (24,), eps=1e-6))


def test_shuffled_patches_give_shuffled_tokens_as_there_is_no_position_embedding():
    transformer, patches = small(), torch.randn(1, 6, 24)
    order = torch.randperm(6)
    tokens, attention = transformer(patches)
    shuffled, shuffled_attention = transformer(patches[:, order])
    torch.testing.assert_close(shuffled[:, 1:], tokens[:, 1:][:, order], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(shuffled_attention, attention[:, order], rtol=1e-4, atol=1e-6)


def test_dropout_acts_in_training_only():
    transformer, patches = small(dropout=0.5), torch.randn(1, 6, 24)
    assert torch.equal(transformer(patches)[0], transformer(patches)[0])
    transformer.train()
    assert not torch.equal(transformer(patches)[0], transformer(patches)[0])
