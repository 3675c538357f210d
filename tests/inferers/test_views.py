# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor
from monai.inferers import SimpleInferer
from torch import nn
from torch.nn import functional as F

from mt_transunet.inferers import SYMMETRIES, ViewsInferer, scaled_sizes, view_symmetries


class PositionSensitive(nn.Module):
    """Every output depends on where things are and how they are turned: kernels without symmetry, a weighted sum."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.kernel = torch.randn(3, 3, 3, 3, generator=generator)
        self.shapes = []

    def forward(self, images):
        self.shapes.append(tuple(images.shape))
        planes = F.conv2d(images, self.kernel, padding=1)
        attention = F.avg_pool2d(planes[:, :1], 16).flatten(1).softmax(dim=1)
        rows = torch.linspace(0, 1, images.shape[2])[:, None] + 2 * torch.linspace(0, 1, images.shape[3]) ** 2
        return {
            "mask_logits": planes[:, :2],
            "level_set": planes[:, 2:].tanh(),
            "class_logits": (images * rows).mean(dim=(2, 3)) * torch.tensor([1.0, 5.0, 9.0]),
            "attention": attention.view(len(images), images.shape[2] // 16, images.shape[3] // 16),
        }


@pytest.fixture
def network():
    return PositionSensitive()


def images(height, width, count=2):
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(height + width))


# turns, their inverses and the resizes written out with other functions than the ones under test
TURN = {
    "identity": (lambda x: x, lambda x: x),
    "rotate90": (lambda x: x.transpose(-1, -2).flip(-2), lambda x: x.flip(-2).transpose(-1, -2)),
    "rotate180": (lambda x: x.flip((-1, -2)), lambda x: x.flip((-1, -2))),
    "rotate270": (lambda x: x.flip(-2).transpose(-1, -2), lambda x: x.transpose(-1, -2).flip(-2)),
    "flip_horizontal": (lambda x: x.flip(-1), lambda x: x.flip(-1)),
    "flip_vertical": (lambda x: x.flip(-2), lambda x: x.flip(-2)),
    "transpose": (lambda x: x.transpose(-1, -2), lambda x: x.transpose(-1, -2)),
    "antitranspose": (lambda x: x.transpose(-1, -2).flip((-1, -2)), lambda x: x.flip((-1, -2)).transpose(-1, -2)),
}


def resized(planes, size, mode, **options):
    return planes if planes.shape[-2:] == tuple(size) else F.interpolate(planes, size=tuple(size), mode=mode, **options)


def single_passes(network, inputs, sizes, symmetries=view_symmetries("paper")):
    """Every view alone, brought back to the input's grid."""
    outputs = []
    grid = None
    for height, width in sizes:
        scaled = resized(inputs, (height, width), "bilinear", antialias=True)
        for apply, undo in (TURN[name] for name in symmetries):
            output = network(apply(scaled))
            attention = undo(output["attention"])
            grid = grid or attention.shape[-2:]
            outputs.append(
                {
                    "mask_logits": resized(undo(output["mask_logits"]), inputs.shape[-2:], "bicubic"),
                    "level_set": resized(undo(output["level_set"]), inputs.shape[-2:], "bilinear"),
                    "class_logits": output["class_logits"],
                    "attention": resized(attention[:, None], grid, "bilinear")[:, 0],
                }
            )
    return {key: torch.stack([output[key] for output in outputs]) for key in outputs[0]}


@pytest.mark.parametrize("name", SYMMETRIES)
def test_every_symmetry_is_what_its_name_says_and_undoes_itself(name):
    symmetry, (apply, undo) = SYMMETRIES[name], TURN[name]
    planes = torch.arange(2 * 3 * 5).reshape(2, 3, 5)
    assert torch.equal(symmetry.apply(planes), apply(planes))
    assert torch.equal(symmetry.undo(symmetry.apply(planes)), planes) and torch.equal(undo(apply(planes)), planes)


def test_the_eight_symmetries_are_eight_different_ones():
    plane = torch.arange(9).reshape(3, 3)
    assert len({tuple(symmetry.apply(plane).flatten().tolist()) for symmetry in SYMMETRIES.values()}) == 8


def test_the_paper_s_views_are_the_turns_and_two_flips():
    assert set(SYMMETRIES) - set(view_symmetries("paper")) == {"transpose", "antitranspose"}


@pytest.mark.parametrize(
    "height, width, sizes",
    [(48, 48, [(32, 32), (48, 48), (64, 64)]), (48, 80, [(32, 48), (48, 80), (64, 112)])],
)
def test_18_views_are_the_mean_of_18_single_passes(network, height, width, sizes):
    # 80 * 32 / 48 = 53.3 -> 48 and 80 * 64 / 48 = 106.7 -> 112, the nearest multiples of 16
    inputs = images(height, width)
    expected = single_passes(network, inputs, sizes)
    inferer = ViewsInferer(SimpleInferer(), sizes=(32, 48, 64), symmetries=view_symmetries("paper"))
    output = inferer(inputs, network)
    for key in ("mask_logits", "level_set", "class_logits"):
        assert torch.allclose(output[key], expected[key].mean(0), atol=1e-5), key
    attention = expected["attention"].mean(0)
    assert torch.allclose(output["attention"], attention / attention.sum(dim=(1, 2), keepdim=True), atol=1e-6)
    assert output["mask_logits"].shape == (2, 2, height, width)


@pytest.mark.parametrize("height, width, turned", [(48, 48, (48, 48)), (48, 80, (80, 48))])
@pytest.mark.parametrize("name", SYMMETRIES)
def test_each_symmetry_alone_gives_the_answer_of_the_turned_image_turned_back(network, name, height, width, turned):
    inputs = images(height, width)
    expected = single_passes(network, inputs, [(height, width)], symmetries=[name])
    network.shapes.clear()
    output = ViewsInferer(SimpleInferer(), symmetries=[name])(inputs, network)
    assert all(torch.allclose(output[key], expected[key][0], atol=1e-5) for key in expected)
    swaps = name in ("rotate90", "rotate270", "transpose", "antitranspose")
    assert network.shapes == [(2, 3, *(turned if swaps else (height, width)))]


def test_moments_are_means_over_the_views(network):
    inputs = images(48, 80)
    inferer = ViewsInferer(SimpleInferer(), sizes=(32, 48), symmetries=tuple(SYMMETRIES), moments=True)
    output = inferer(inputs, network)
    views = single_passes(network, inputs, [(32, 48), (48, 80)], symmetries=tuple(SYMMETRIES))
    lesion = views["mask_logits"].softmax(dim=2)[:, :, 1]  # (16 views, B, H, W)
    votes = (views["mask_logits"][:, :, 1] > views["mask_logits"][:, :, 0]).float()
    assert output["lesion_moments"].shape == (2, 3, 48, 80) and output["class_moments"].shape == (2, 2, 3)
    for number, per_view in enumerate((lesion, lesion**2, votes)):
        assert torch.allclose(output["lesion_moments"][:, number], per_view.mean(0), atol=1e-5)
    classes = views["class_logits"].softmax(dim=2)
    assert torch.allclose(output["class_moments"], torch.stack([classes.mean(0), (classes**2).mean(0)], 1), atol=1e-5)


def test_without_being_asked_for_moments_the_keys_are_the_network_s(network):
    assert set(ViewsInferer(SimpleInferer())(images(32, 32), network)) == set(network(images(32, 32)))


@pytest.mark.parametrize("preset", ["none", "fast", "paper"])
def test_attention_sums_to_one(network, preset):
    inferer = ViewsInferer(SimpleInferer(), sizes=(32, 64), symmetries=view_symmetries(preset))
    attention = inferer(images(48, 80), network)["attention"]
    assert attention.shape == (2, 2, 3) and torch.allclose(attention.sum(dim=(1, 2)), torch.ones(2))


def test_one_view_of_the_input_s_own_size_changes_nothing(network):
    inputs = images(32, 48)
    output = ViewsInferer(SimpleInferer())(inputs, network)
    for key, value in network(inputs).items():
        assert torch.allclose(output[key], value, atol=1e-6), key


def test_a_network_blind_to_turns_sees_no_difference_between_one_view_and_six():
    def blind(inputs):
        attention = F.avg_pool2d(inputs[:, 0], 16).flatten(1)
        attention = (attention / attention.sum(1, keepdim=True)).view(
            len(inputs), *(s // 16 for s in inputs.shape[-2:])
        )
        means = inputs.mean(dim=(2, 3))
        return {"mask_logits": inputs[:, :2], "level_set": inputs[:, 2:], "class_logits": means, "attention": attention}

    inputs = images(32, 64)
    output = ViewsInferer(SimpleInferer(), symmetries=view_symmetries("paper"))(inputs, blind)
    for key, value in blind(inputs).items():
        assert torch.allclose(output[key], value, atol=1e-6), key


def test_views_of_one_shape_go_through_in_one_batch(network):
    inferer = ViewsInferer(SimpleInferer(), symmetries=view_symmetries("paper"))
    inferer(images(32, 48), network)
    # two quarter turns stand upright, the other four views lie
    assert network.shapes == [(8, 3, 32, 48), (4, 3, 48, 32)]


def test_max_batch_splits_a_pass_without_changing_the_result(network):
    options = {"symmetries": view_symmetries("paper")}
    whole = ViewsInferer(SimpleInferer(), **options)(images(32, 32), network)
    network.shapes.clear()
    parts = ViewsInferer(SimpleInferer(), max_batch=5, **options)(images(32, 32), network)
    assert [shape[0] for shape in network.shapes] == [4, 4, 4]
    assert all(torch.allclose(parts[key], whole[key], atol=1e-6) for key in whole)
    network.shapes.clear()
    ViewsInferer(SimpleInferer(), max_batch=1, **options)(images(32, 32), network)
    assert [shape[0] for shape in network.shapes] == [2] * 6  # never less than the batch itself


def test_merging_probabilities_averages_softmaxes(network):
    inputs = images(32, 32)
    expected = single_passes(network, inputs, [(32, 32)])
    options = {"symmetries": view_symmetries("paper"), "merge": "probabilities"}
    output = ViewsInferer(SimpleInferer(), **options)(inputs, network)
    for key in ("mask_logits", "class_logits"):
        assert torch.allclose(output[key].softmax(dim=1), expected[key].softmax(dim=2).mean(0), atol=1e-6), key


def test_a_metatensor_batch_is_as_good_as_a_plain_one(network):
    inputs = images(32, 48)
    options = {"sizes": (16,), "symmetries": view_symmetries("fast")}
    plain = ViewsInferer(SimpleInferer(), **options)(inputs, network)
    meta = ViewsInferer(SimpleInferer(), **options)(MetaTensor(inputs), network)
    assert all(type(meta[key]) is torch.Tensor and torch.equal(meta[key], plain[key]) for key in plain)


def test_wrong_choices_are_refused():
    with pytest.raises(ValueError, match="views must be one of none, fast, paper, got 'slow'"):
        view_symmetries("slow")
    with pytest.raises(ValueError, match=r"unknown symmetry \['rotate45'\], known are identity, rotate90"):
        ViewsInferer(SimpleInferer(), symmetries=("identity", "rotate45"))
    with pytest.raises(ValueError, match="at least one symmetry, got none"):
        ViewsInferer(SimpleInferer(), symmetries=())
    with pytest.raises(ValueError, match="merge must be logits or probabilities, got 'votes'"):
        ViewsInferer(SimpleInferer(), merge="votes")


@pytest.mark.parametrize("size", [200, 0, -16])
def test_a_size_that_is_no_multiple_of_16_is_refused_and_not_rounded(size):
    with pytest.raises(ValueError, match=rf"multiples of 16, got \[{size}\]"):
        ViewsInferer(SimpleInferer(), sizes=(32, size))


@pytest.mark.parametrize(
    ("image_size", "expected"), [(192, [160, 192, 224]), (96, [80, 96, 112]), (160, [128, 160, 192]), (32, [32])]
)
def test_view_sizes_follow_the_size_that_a_network_was_trained_at(image_size, expected):
    # at 32: 26.7, 32 and 37.3 are all nearest to 32; at 160: 133, 160 and 187
    assert scaled_sizes([160, 192, 224], image_size, 192) == expected
