# SPDX-License-Identifier: Apache-2.0
"""From the deepest features to the grid of tokens."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class PatchEmbedding(nn.Module):
    """One 1x1 convolution per feature map; coarser maps are brought to the first one's grid and all are added.

    With one map this is the patch embedding of the hybrid ViT (its "16x16 patch" is one position at stride 16). With
    two, the stride-32 stage of an encoder joins the stride-16 tokens, so that no pre-trained stage is thrown away.

    Args:
        in_channels: channels of each map, the stride-16 map first.
        embed_dim: D.

    Shape: [(B, C_0, h, w), (B, C_1, h_1, w_1), ...] -> (B, D, h, w); h_1 need not divide h.
    """

    def __init__(self, *, in_channels: tuple[int, ...], embed_dim: int):
        super().__init__()
        self.projections = nn.ModuleList(nn.Conv2d(channels, embed_dim, 1) for channels in in_channels)
        for projection in self.projections:
            nn.init.xavier_uniform_(projection.weight)
            nn.init.zeros_(projection.bias)

    def forward(self, features: list[torch.Tensor]) -> torch.Tensor:
        size = features[0].shape[2:]
        grid = torch.zeros(1, device=features[0].device, dtype=features[0].dtype)
        for index, projection in enumerate(self.projections):
            projected = projection(features[index])
            if index == 0:
                grid = projected
            else:
                grid = grid + F.interpolate(projected, size=size, mode="bilinear", align_corners=False)
        return grid
