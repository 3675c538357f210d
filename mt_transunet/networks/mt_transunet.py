# SPDX-License-Identifier: Apache-2.0
"""MT-TransUNet: a lesion's mask, its level set and its class from one look."""

from __future__ import annotations

import torch
from torch import nn


class MTTransUNet(nn.Module):
    """Encoder, transformer and decoder with one head per question.

    After Chen et al., "MT-TransUNet: Mediating Multi-Task Tokens in Transformers for Skin Lesion Segmentation and
    Classification", section 3.1. One decoder feeds both dense heads; the class head reads the class token.

    Differs from the paper: the input is scaled as the encoder's pre-trained weights expect (buffers that follow from
    the encoder and are therefore not part of the state dict); the authors feed [0, 1].

    Args:
        encoder: (B, 3, H, W) -> features at strides 2, 4, 8, 16 (and coarser), with their `channels`.
        patch_embedding: the features from stride 16 on -> (B, D, H/16, W/16).
        transformer: (B, N, D) -> tokens (B, 1 + N, D) and the class token's attention (B, N), with `embed_dim`.
        decoder: (B, D, h, w) and the three finer features -> (B, C, H, W), with `out_channels`.
        mean: per channel, of RGB in [0, 1], subtracted first.
        std: per channel, divided by.
        light: (B, 3, H, W) in [0, 1] -> the same, before that; None leaves images as they are.
        num_classes: length of the class logits.
        image_size: side in pixels its recipe trains at, for those who resize to it; the network itself takes any.

    Shape:
        image (B, 3, H, W): RGB in [0, 1]; H and W any multiples of 16, not necessarily equal.
        Returns a dict, all float32 whatever the precision inside: `mask_logits` (B, 2, H, W), background first;
        `level_set` (B, 1, H, W) in [-1, 1], negative inside the lesion; `class_logits` (B, 3) for nevus, melanoma,
        seborrheic keratosis; `attention` (B, H/16, W/16), non-negative, sums to 1 per image.

    Raises:
        ValueError: the input is of whole numbers, or not (B, 3, H, W), or H or W is not a positive multiple of 16.
    """

    def __init__(
        self,
        *,
        encoder: nn.Module,
        patch_embedding: nn.Module,
        transformer: nn.Module,
        decoder: nn.Module,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        light: nn.Module | None = None,
        num_classes: int = 3,
        image_size: int = 224,
    ):
        super().__init__()
        self.image_size = image_size
        self.light = nn.Identity() if light is None else light
        self.encoder = encoder
        self.patch_embedding = patch_embedding
        self.transformer = transformer
        self.decoder = decoder
        self.mask_head = nn.Conv2d(decoder.out_channels, 2, 3, padding=1)
        self.level_set_head = nn.Conv2d(decoder.out_channels, 1, 3, padding=1)
        self.class_head = nn.Linear(transformer.embed_dim, num_classes)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        self.check_input(image)
        features = self.encoder((self.light(image) - self.mean) / self.std)

        grid = self.patch_embedding(features[3:])
        B, D, h, w = grid.shape
        tokens, attention = self.transformer(grid.flatten(2).transpose(1, 2))  # (B, D, h, w) -> (B, N, D)

        # (B, N, D) -> (B, D, h, w), a channels_last view
        patches = tokens[:, 1:].transpose(1, 2).reshape(B, D, h, w)
        dense = self.decoder(patches, features[:3])

        return {
            "mask_logits": self.mask_head(dense).float(),
            "level_set": self.level_set_head(dense).float().tanh(),
            "class_logits": self.class_head(tokens[:, 0]).float(),
            "attention": attention.reshape(B, h, w),
        }

    def check_input(self, image: torch.Tensor) -> None:
        if not image.is_floating_point():
            raise ValueError(f"input must be RGB in [0, 1], got {image.dtype}; divide 8-bit values by 255")
        if image.dim() != 4 or image.shape[1] != 3:
            raise ValueError(f"input must have shape (B, 3, H, W), got {list(image.shape)}; add a batch axis, use RGB")
        height, width = image.shape[2], image.shape[3]
        if height % 16 != 0 or width % 16 != 0 or height == 0 or width == 0:
            raise ValueError(
                f"height and width must be positive multiples of 16, got {height} x {width}; pad or resize first"
            )
