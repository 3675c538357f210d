# SPDX-License-Identifier: Apache-2.0
"""Compare variant `paper` with timm's vit_base_r50_s16_224 layer by layer, on the same random weights.

Run in an environment of its own, because timm needs torchvision (`make parity`). Nothing is downloaded: timm's model
is built with random weights, its state dict goes through `mt_transunet.networks.weight_maps`, and both networks see
the same random image. timm's position embedding is set to zero, as the paper has none; its class token is copied.
The exit code is 1 when any relative error exceeds the tolerance.
"""

from __future__ import annotations

import argparse
import sys

import timm
import torch

from mt_transunet.networks import build_network
from mt_transunet.networks.pretrained import pretrained_targets
from mt_transunet.networks.weight_maps import TIMM, translate


def randomise(model: torch.nn.Module, generator: torch.Generator) -> None:
    """Give every parameter a value that a wrong mapping would reveal: norms and biases too, which start as 1 and 0."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() == 1:
            parameter.data = (1 + 0.2 * noise) if name.endswith("weight") else 0.2 * noise
        elif name in ("cls_token", "pos_embed"):
            parameter.data = noise * (name == "cls_token")
        else:
            parameter.data = noise / parameter[0].numel() ** 0.5


def timm_features(model: torch.nn.Module, image: torch.Tensor) -> dict[str, torch.Tensor]:
    """What timm computes, by the name of the part."""
    found = {}
    backbone = model.patch_embed.backbone
    parts = {"stem (stride 2)": backbone.stem.norm, "patch embedding": model.patch_embed.proj, "final norm": model.norm}
    parts |= {f"stage {i + 1} (stride {4 * 2**i})": stage for i, stage in enumerate(backbone.stages)}
    parts |= {f"block {i + 1}": block for i, block in enumerate(model.blocks)}
    for name, part in parts.items():
        part.register_forward_hook(lambda _, __, output, name=name: found.update({name: output}))
    model.forward_features(image)
    return found


def our_features(network: torch.nn.Module, image: torch.Tensor) -> dict[str, torch.Tensor]:
    """What this project computes, under the same names. The image is already scaled."""
    found = {}
    for i, block in enumerate(network.transformer.blocks):
        name = f"block {i + 1}"
        block.register_forward_hook(lambda _, __, output, name=name: found.update({name: output[0]}))
    features = network.encoder(image)
    found["stem (stride 2)"] = features[0]
    found |= {f"stage {i + 1} (stride {4 * 2**i})": feature for i, feature in enumerate(features[1:])}
    found["patch embedding"] = network.patch_embedding(features[3:])
    found["final norm"] = network.transformer(found["patch embedding"].flatten(2).transpose(1, 2))[0]
    return found


@torch.no_grad()
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num_layers", type=int, default=12, help="blocks to compare, 0 to 12")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest relative error that passes")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    generator = torch.Generator().manual_seed(arguments.seed)
    reference = timm.create_model("vit_base_r50_s16_224", pretrained=False).eval()
    reference.blocks = reference.blocks[: arguments.num_layers]
    randomise(reference, generator)

    network = build_network("paper", num_layers=arguments.num_layers).eval()
    filled = translate(TIMM, reference.state_dict(), pretrained_targets(network, TIMM))
    network.load_state_dict(filled, strict=False)
    network.transformer.class_token.copy_(reference.cls_token)

    image = torch.randn(2, 3, 224, 224, generator=generator)
    expected, found = timm_features(reference, image), our_features(network, image)
    print(f"timm {timm.__version__}, torch {torch.__version__}, seed {arguments.seed}, image 2 x 3 x 224 x 224")
    print(f"{'part':<22}{'shape':<22}{'relative error':>16}")
    worst = 0.0
    for name, tensor in found.items():
        error = float((tensor - expected[name]).norm() / expected[name].norm())
        worst = max(worst, error)
        print(f"{name:<22}{str(tuple(tensor.shape)):<22}{error:>16.2e}")
    passed = worst <= arguments.tolerance and len(found) == len(expected)
    print(f"worst {worst:.2e}, tolerance {arguments.tolerance:.0e}: {'pass' if passed else 'FAIL'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
