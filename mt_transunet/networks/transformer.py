# SPDX-License-Identifier: Apache-2.0
"""Pre-LN transformer over patch tokens and a class token, which also tells where the class token looks.

Architecture of ViT-B_16 (google-research/vision_transformer, `vit_jax/models_vit.py`) without position embedding;
parameter names and the fused qkv follow timm.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


def class_attention(query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """Attention of the class token (index 0) to the patches, mean over heads; one row of softmax(q k^T / sqrt(d)).

    The class token's own column is dropped and the rest scaled to sum 1. Computed in float32; products are summed
    instead of matrix-multiplied because autocast would lower a matmul to bfloat16.

    Shape: query, key (B, heads, 1 + N, d) -> (B, N), non-negative, each row sums to 1.
    """
    row = (query[:, :, :1].float() * key.float()).sum(-1) / query.shape[-1] ** 0.5
    weights = row.softmax(-1).mean(1)[:, 1:] + 1e-12  # stays defined (uniform) when the token sees only itself
    return weights / weights.sum(-1, keepdim=True)


class SelfAttention(nn.Module):
    """Multi-head self-attention.

    Shape: (B, N, D) -> output (B, N, D), query (B, heads, N, D/heads), key likewise.
    """

    def __init__(self, *, embed_dim: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)
        self.proj = nn.Linear(embed_dim, embed_dim)
        for weight in self.qkv.weight.chunk(3):
            nn.init.xavier_uniform_(weight)  # each of q, k, v as the square matrix it is
        nn.init.zeros_(self.qkv.bias)
        nn.init.xavier_uniform_(self.proj.weight)
        nn.init.zeros_(self.proj.bias)

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        B, N, D = tokens.shape
        # (B, N, 3D) -> (3, B, heads, N, d), views only
        qkv = self.qkv(tokens).view(B, N, 3, self.num_heads, D // self.num_heads).permute(2, 0, 3, 1, 4)
        query, key, value = qkv[0], qkv[1], qkv[2]
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).reshape(B, N, D)), query, key


class MLP(nn.Module):
    """Linear, exact GELU, dropout, linear, dropout."""

    def __init__(self, *, embed_dim: int, hidden_dim: int, dropout: float):
        super().__init__()
        self.fc1 = nn.Linear(embed_dim, hidden_dim)
        self.fc2 = nn.Linear(hidden_dim, embed_dim)
        self.dropout = nn.Dropout(dropout)
        for linear in (self.fc1, self.fc2):
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.dropout(self.fc2(self.dropout(F.gelu(self.fc1(tokens)))))


class TransformerBlock(nn.Module):
    """x + attention(LN(x)), then x + MLP(LN(x)). Returns the tokens with the queries and keys used."""

    def __init__(self, *, embed_dim: int, num_heads: int, hidden_dim: int, dropout: float):
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dim, eps=1e-6)
        self.attn = SelfAttention(embed_dim=embed_dim, num_heads=num_heads)
        self.norm2 = nn.LayerNorm(embed_dim, eps=1e-6)
        self.mlp = MLP(embed_dim=embed_dim, hidden_dim=hidden_dim, dropout=dropout)

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        mixed, query, key = self.attn(self.norm1(tokens))
        tokens = tokens + mixed
        return tokens + self.mlp(self.norm2(tokens)), query, key


class Transformer(nn.Module):
    """Class token, `num_layers` blocks, final layer norm over all tokens.

    Differs from the paper: the class token stands first and is not projected (the paper appends it); without position
    embedding the two are the same function.

    Args:
        embed_dim: D, a multiple of `num_heads`.
        num_layers: blocks; with 0 the token, the norm and the output stay and the attention is uniform.
        num_heads: attention heads.
        hidden_dim: width of the MLPs.
        dropout: probability after the embedding and twice in each MLP; attention weights are never dropped.

    Shape: patches (B, N, D) -> tokens (B, 1 + N, D), class token first; attention (B, N), float32, the last layer's,
        non-negative, each row sums to 1.
    """

    def __init__(self, *, embed_dim: int, num_layers: int, num_heads: int, hidden_dim: int, dropout: float = 0.1):
        super().__init__()
        self.embed_dim = embed_dim
        self.num_layers = num_layers
        self.class_token = nn.Parameter(torch.zeros(1, 1, embed_dim))
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            TransformerBlock(embed_dim=embed_dim, num_heads=num_heads, hidden_dim=hidden_dim, dropout=dropout)
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(embed_dim, eps=1e-6)

    def forward(self, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        B, N, _ = patches.shape
        attention = torch.full([B, N], 1.0 / N, dtype=torch.float32, device=patches.device)
        # joining the float32 token keeps the residual stream in float32 under autocast
        tokens = torch.cat([self.class_token.expand(B, -1, -1), patches.to(self.class_token.dtype)], dim=1)
        tokens = self.dropout(tokens)
        for index, block in enumerate(self.blocks):
            tokens, query, key = block(tokens)
            if index + 1 == self.num_layers:
                attention = class_attention(query, key)
        return self.norm(tokens), attention
