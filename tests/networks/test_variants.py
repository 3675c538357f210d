# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from mt_transunet.networks import VARIANTS, build_network

# paper: the authors' code without its unused position embedding; lite: from the layer widths,
# 4,357,952 + 182,016 + 5,917,824 + 957,376 + 1,590
COUNTS = {
    ("paper", None, None): 48_425_782,
    ("paper", None, 0): 20_074_294,
    ("paper", None, 2): 34_250_038,
    ("paper", None, 6): 62_601_526,
    ("paper", None, 8): 76_777_270,
    ("paper", None, 12): 105_128_758,
    ("paper", "resnet50", None): 45_074_230,
    ("lite", None, None): 11_416_758,
}
PAPER_PARTS = {
    "encoder": 11_894_848,
    "patch_embedding": 787_200,
    "transformer": 768 + 4 * 7_087_872 + 1_536,
    "decoder": 7_387_200,
    "mask_head": 290,
    "level_set_head": 145,
    "class_head": 2_307,
}


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def build_meta(*args, **kwargs) -> torch.nn.Module:
    with torch.device("meta"):
        return build_network(*args, **kwargs)


@pytest.mark.parametrize(("variant", "encoder", "num_layers"), COUNTS)
def test_parameters_are_counted_to_the_unit(variant, encoder, num_layers):
    network = build_meta(variant, encoder=encoder, num_layers=num_layers)
    assert count(network) == COUNTS[variant, encoder, num_layers]


def test_every_variant_has_a_count():
    assert {variant for variant, encoder, num_layers in COUNTS if (encoder, num_layers) == (None, None)} == set(
        VARIANTS
    )


def test_parts_of_paper_are_counted_to_the_unit():
    network = build_meta("paper")
    counts = {name: count(part) for name, part in network.named_children()}
    assert {name: found for name, found in counts.items() if found} == PAPER_PARTS


def test_lite_stays_below_12_million_and_its_half_precision_file_below_25_mb(tmp_path):
    network = build_network("lite")
    assert count(network) <= 12_000_000
    torch.save({key: tensor.half() for key, tensor in network.state_dict().items()}, tmp_path / "lite.pt")
    assert (tmp_path / "lite.pt").stat().st_size < 25_000_000


def test_lite_is_the_default():
    assert count(build_meta()) == COUNTS["lite", None, None]


def test_building_leaves_the_table_alone():
    before = {name: dict(row) for name, row in VARIANTS.items()}
    build_meta("lite", encoder="resnet34", num_layers=1)
    assert VARIANTS == before


def test_dropout_reaches_every_dropout_layer():
    network = build_meta("lite", dropout=0.25)
    rates = [module.p for module in network.modules() if isinstance(module, torch.nn.Dropout)]
    assert rates == [0.25] * 5  # after the embedding, and one module used twice in each of four MLPs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"variant": "light"}, "unknown variant 'light'; choose one of paper, lite"),
        ({"encoder": "vgg"}, "unknown encoder 'vgg'; choose one of resnet_v2, efficientnet_lite2, resnet34, resnet50"),
        ({"num_layers": 13}, "num_layers must be an integer from 0 to 12, got 13"),
        ({"num_layers": 2.5}, "num_layers must be an integer from 0 to 12, got 2.5"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
        ({"pretrained_path": "some.npz"}, "pretrained_path needs pretrained=True, got only some.npz"),
    ],
)
def test_argument_out_of_range_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_network(**arguments)
