# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import torch

from mt_transunet.networks.patch_embedding import PatchEmbedding


def test_hybrid_embedding_has_the_parameters_of_the_authors_code():
    embedding = PatchEmbedding(in_channels=(1024,), embed_dim=768)
    assert sum(parameter.numel() for parameter in embedding.parameters()) == 787_200


def test_coarser_features_are_added_on_the_finer_grid():
    embedding = PatchEmbedding(in_channels=(1, 1), embed_dim=1)
    for projection, weight in zip(embedding.projections, (1.0, 10.0)):
        torch.nn.init.constant_(projection.weight, weight)
    grid = embedding([torch.ones(1, 1, 3, 5), torch.ones(1, 1, 2, 3)])
    torch.testing.assert_close(grid, torch.full((1, 1, 3, 5), 11.0))


def test_every_stage_is_heard_in_the_grid():
    embedding = PatchEmbedding(in_channels=(4, 6), embed_dim=2)
    features = [torch.rand(1, 4, 3, 3, requires_grad=True), torch.rand(1, 6, 2, 2, requires_grad=True)]
    embedding(features).sum().backward()
    assert all(feature.grad.abs().sum() > 0 for feature in features)
