# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import torch

from mt_transunet.networks.decoder import Decoder, DecoderStage


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_decoder_has_the_parameters_of_the_authors_code():
    decoder = Decoder(embed_dim=768, first_width=512, widths=(256, 128, 64, 16), skip_channels=(64, 256, 512))
    assert count(decoder.first) == 3_539_968
    assert [count(stage) for stage in decoder.stages] == [2_950_144, 737_792, 147_712, 11_584]
    assert count(decoder) == 7_387_200


def test_grid_comes_back_at_16_times_its_size():
    decoder = Decoder(embed_dim=6, first_width=8, widths=(8, 4, 4, 2), skip_channels=(3, 4, 5))
    skips = [torch.rand(1, channels, 48 // stride, 32 // stride) for channels, stride in ((3, 2), (4, 4), (5, 8))]
    assert decoder(torch.rand(1, 6, 3, 2), skips).shape == (1, 2, 48, 32)


def test_each_skip_reaches_the_output():
    decoder = Decoder(embed_dim=6, first_width=8, widths=(8, 4, 4, 2), skip_channels=(3, 4, 5))
    shapes = ((3, 16), (4, 8), (5, 4))
    skips = [torch.rand(2, channels, side, side, requires_grad=True) for channels, side in shapes]
    decoder(torch.rand(2, 6, 2, 2), skips).square().sum().backward()
    assert all(skip.grad.abs().sum() > 0 for skip in skips)


def test_corners_are_aligned_when_doubling():
    stage = DecoderStage(1, 0, 1)
    stage.conv1, stage.conv2 = torch.nn.Identity(), torch.nn.Identity()
    result = stage(torch.tensor([[[[0.0, 3.0]]]]), torch.empty(0))
    # 4 samples over [0, 1] with both ends hit: 0, 1/3, 2/3, 1
    torch.testing.assert_close(result, torch.tensor([[[[0.0, 1.0, 2.0, 3.0]] * 2]]).view(1, 1, 2, 4))
