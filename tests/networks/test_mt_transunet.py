# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from mt_transunet.networks import MTTransUNet, build_network
from mt_transunet.networks.decoder import Decoder
from mt_transunet.networks.encoders import ENCODERS
from mt_transunet.networks.patch_embedding import PatchEmbedding
from mt_transunet.networks.resnet_v2 import ResNetV2
from mt_transunet.networks.transformer import Transformer


@pytest.fixture(scope="module")
def lite() -> torch.nn.Module:
    torch.manual_seed(0)
    return build_network("lite", num_layers=2, dropout=0.0).eval()


@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_encoder_takes_any_multiples_of_16(encoder):
    network = build_network("lite", encoder=encoder, num_layers=1).eval()
    for height, width in ((16, 48), (64, 80)):
        with torch.no_grad():
            output = network(torch.rand(2, 3, height, width))
        shapes = {name: tuple(tensor.shape) for name, tensor in output.items()}
        assert shapes == {
            "mask_logits": (2, 2, height, width),
            "level_set": (2, 1, height, width),
            "class_logits": (2, 3),
            "attention": (2, height // 16, width // 16),
        }


def test_paper_variant_gives_the_same_outputs():
    network = build_network("paper", num_layers=1).eval()
    with torch.no_grad():
        output = network(torch.rand(1, 3, 32, 48))
    assert [tuple(tensor.shape) for tensor in output.values()] == [(1, 2, 32, 48), (1, 1, 32, 48), (1, 3), (1, 2, 3)]
    torch.testing.assert_close(output["attention"].sum((1, 2)), torch.ones(1))


def test_level_set_stays_within_one(lite):
    with torch.no_grad():
        level_set = lite(100 * torch.rand(1, 3, 32, 32))["level_set"]
    assert level_set.abs().max() <= 1


def test_image_is_judged_alike_alone_and_in_a_batch(lite):
    images = torch.rand(3, 3, 48, 32)
    with torch.no_grad():
        together, alone = lite(images), lite(images[1:2])
    for name, tensor in together.items():
        torch.testing.assert_close(tensor[1:2], alone[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("variant", "num_layers", "at_rest"), [("lite", 2, []), ("paper", 1, []), ("lite", 0, ["class_head.weight"])]
)
def test_gradient_reaches_every_parameter(variant, num_layers, at_rest):
    # without layers the class head reads the norm of a zero token, so its weight waits until the norm's bias has moved
    torch.manual_seed(0)
    network = build_network(variant, num_layers=num_layers, dropout=0.0)
    output = network(torch.rand(2, 3, 48, 48))
    weights = {name: torch.randn_like(tensor) for name, tensor in output.items()}
    sum((weights[name] * tensor).sum() for name, tensor in output.items()).backward()
    silent = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    silent += [name for name, parameter in network.named_parameters() if not parameter.grad.abs().sum() > 0]
    assert silent == at_rest


def test_outputs_are_float32_under_autocast(lite):
    image = torch.rand(2, 3, 32, 48)
    with torch.no_grad():
        expected = lite(image)
        with torch.autocast("cpu", torch.bfloat16):
            output = lite(image)
    assert {tensor.dtype for tensor in output.values()} == {torch.float32}
    torch.testing.assert_close(output["level_set"], expected["level_set"], rtol=0, atol=0.05)


def test_class_logits_are_one_constant_without_layers():
    network = build_network("lite", num_layers=0).eval()
    with torch.no_grad():
        logits = network(torch.rand(3, 3, 16, 16))["class_logits"]
    assert torch.equal(logits, logits[:1].expand(3, 3))


@pytest.mark.parametrize(
    ("encoder", "grey"), [("resnet_v2", 0.5), ("efficientnet_lite2", 127 / 255), ("resnet50", (0.485, 0.456, 0.406))]
)
def test_mean_of_the_pretrained_data_reaches_the_encoder_as_zero(encoder, grey):
    network = build_network("lite", encoder=encoder, num_layers=0).eval()
    found = []
    network.encoder.register_forward_pre_hook(lambda _, args: found.append(args[0]))
    with torch.no_grad():
        network(torch.tensor(grey).expand(3).view(1, 3, 1, 1).expand(1, 3, 16, 16))
    torch.testing.assert_close(found[0], torch.zeros(1, 3, 16, 16))


def test_scaling_is_no_part_of_the_state_dict(lite):
    assert not {"mean", "std"} & set(lite.state_dict())


@pytest.mark.parametrize(("height", "width"), [(50, 48), (48, 50), (0, 16)])
def test_side_that_is_no_multiple_of_16_is_refused(lite, height, width):
    message = f"height and width must be positive multiples of 16, got {height} x {width}; pad or resize first"
    with pytest.raises(ValueError, match=message):
        lite(torch.rand(1, 3, height, width))


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 4, 32, 32)])
def test_input_that_is_no_batch_of_rgb_images_is_refused(lite, shape):
    with pytest.raises(ValueError, match=r"must have shape \(B, 3, H, W\), got"):
        lite(torch.rand(shape))


def test_eight_bit_values_are_refused(lite):
    with pytest.raises(ValueError, match="must be RGB in .*, got torch.uint8; divide 8-bit values by 255"):
        lite(torch.zeros(1, 3, 32, 32, dtype=torch.uint8))


def test_scripted_network_gives_equal_outputs_and_the_same_size_error(lite, tmp_path):
    torch.jit.script(lite).save(tmp_path / "model.ts")
    scripted = torch.jit.load(tmp_path / "model.ts")
    image = torch.rand(1, 3, 48, 80)
    with torch.no_grad(), torch.jit.optimized_execution(False):
        expected, output = lite(image), scripted(image)
        with pytest.raises(torch.jit.Error, match="multiples of 16, got 33 x 48"):
            scripted(torch.rand(1, 3, 33, 48))
    assert list(output) == list(expected)
    for name, tensor in expected.items():
        torch.testing.assert_close(output[name], tensor, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_exported_network_keeps_dynamic_sides():
    encoder = ResNetV2(depths=(1, 1, 1), width=32)
    network = MTTransUNet(
        encoder=encoder,
        patch_embedding=PatchEmbedding(in_channels=encoder.channels[3:], embed_dim=16),
        transformer=Transformer(embed_dim=16, num_layers=1, num_heads=2, hidden_dim=16),
        decoder=Decoder(embed_dim=16, first_width=8, widths=(8, 8, 8, 8), skip_channels=encoder.channels[:3]),
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    ).eval()
    # PyTorch specialises sizes of 0 and 1, so the ranges start above them
    sides = {2: 16 * torch.export.Dim("h", min=2, max=64), 3: 16 * torch.export.Dim("w", min=2, max=64)}
    program = torch.export.export(network, (torch.rand(1, 3, 48, 64),), dynamic_shapes={"image": sides}).module()
    image = torch.rand(1, 3, 80, 32)
    with torch.no_grad():
        torch.testing.assert_close(program(image)["mask_logits"], network(image)["mask_logits"])
