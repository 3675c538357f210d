# SPDX-License-Identifier: Apache-2.0
"""Colour constancy inside the network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mt_transunet.networks import build_network, built_as, load_network, load_weights
from mt_transunet.networks.light import ShadesOfGrey
from mt_transunet.transforms import ShadesOfGreyd


@pytest.fixture
def image():
    return torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0)) * 0.6


def test_it_is_the_correction_of_files(image):
    ours = ShadesOfGrey()(image)[0].permute(1, 2, 0).numpy()
    files = ShadesOfGreyd("image").correct(image[0].permute(1, 2, 0).numpy() * 255) / 255
    np.testing.assert_allclose(ours, np.clip(files, 0, 1), atol=1e-6)


def test_grey_worlds_have_equal_means_and_keep_their_length():
    image = torch.tensor([0.3, 0.4, 0.0]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    found = ShadesOfGrey(norm=1.0)(image)
    # the light is (0.3, 0.4, 0), of length 0.5 / sqrt(3) per channel; the black channel stays black
    torch.testing.assert_close(found[0, :, 0, 0], torch.tensor([0.5, 0.5, 0.0]) / 3**0.5)


def test_the_colour_of_the_light_makes_no_difference_behind_it(image):
    filtered = image * torch.tensor([1.0, 0.7, 0.5]).view(1, 3, 1, 1)
    before, after = ShadesOfGrey()(image), ShadesOfGrey()(filtered)
    # the same up to one factor for the brightness that the filter takes
    ratio = after / before
    torch.testing.assert_close(ratio, ratio[:, :1, :1, :1].expand_as(ratio), rtol=1e-4, atol=0)


def test_a_black_image_stays_black():
    assert torch.equal(ShadesOfGrey()(torch.zeros(1, 3, 16, 16)), torch.zeros(1, 3, 16, 16))


def test_each_image_of_a_batch_has_its_own_light(image):
    torch.testing.assert_close(ShadesOfGrey()(image)[1:], ShadesOfGrey()(image[1:]))


def test_gradients_pass_through_it(image):
    image.requires_grad_()
    ShadesOfGrey()(image).sum().backward()
    assert torch.isfinite(image.grad).all() and image.grad.abs().sum() > 0


def test_weights_tell_that_they_were_trained_under_it(image, tmp_path):
    torch.manual_seed(0)
    network = build_network("lite", num_layers=1, constant_light=True).eval()
    torch.save(network.state_dict(), tmp_path / "model.pt")
    assert built_as(tmp_path / "model.pt", "lite")["constant_light"] is True
    filtered = image * torch.tensor([0.9, 0.9, 0.9]).view(1, 3, 1, 1)
    with torch.no_grad():
        before, after = (load_network(tmp_path / "model.pt")(each)["class_logits"] for each in (image, filtered))
        own = network(image)["class_logits"]
    torch.testing.assert_close(before, own)
    assert not torch.equal(before, after)  # brightness is kept, only colour is taken out


def test_a_network_without_it_refuses_weights_with_it(tmp_path):
    torch.save(build_network("lite", num_layers=1, constant_light=True).state_dict(), tmp_path / "model.pt")
    with pytest.raises(ValueError, match="under constant light, this network is .*constant_light=True"):
        load_weights(build_network("lite", num_layers=1), tmp_path / "model.pt")


def test_it_can_be_scripted_for_export(image):
    network = build_network("lite", num_layers=1, constant_light=True).eval()
    with torch.no_grad():
        expected, found = network(image), torch.jit.script(network)(image)
    torch.testing.assert_close(found, expected)
