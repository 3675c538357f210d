# SPDX-License-Identifier: Apache-2.0
"""Trained weights: finding the shipped ones, telling whose a file is, loading them into the right network.

A file is a plain state dict of tensors, float32 or float16; float16 becomes float32 on loading.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from ..bundle_folder import bundle_folder
from ..run_files import MODEL
from .encoders import ENCODERS
from .mt_transunet import MTTransUNet
from .provenance import check_provenance, read_provenance, trained_at, weights_file
from .variants import MAX_LAYERS, VARIANTS, build_network, known
from .weight_files import WeightsError, read_weights, require_numbers


class Identity(NamedTuple):
    """The arguments of `build_network` that give a network its parameters."""

    variant: str
    encoder: str
    num_layers: int
    constant_light: bool

    @property
    def has_own_layers(self) -> bool:
        """Whether encoder and layers are those of the variant's row."""
        row = VARIANTS[self.variant]
        return (self.encoder, self.num_layers) == (row["encoder"], row["num_layers"])

    @property
    def choices(self) -> dict[str, Any]:
        """All arguments but the variant."""
        return {key: value for key, value in self._asdict().items() if key != "variant"}

    def __str__(self) -> str:
        said = f"variant {self.variant!r}"
        if not self.has_own_layers:
            said += f" with encoder {self.encoder!r} and {self.num_layers} layers"
        return said + (" under constant light" if self.constant_light else "")


def shipped_weights(variant: str) -> Path:
    """Where the shipped weights of a variant lie, whether or not they exist.

    That is ``bundle/models/<variant>.pt``, or ``models/model.pt`` of a packaged bundle of this variant.

    Raises:
        ValueError: unknown variant.
    """
    known("variant", variant, VARIANTS)
    models = bundle_folder() / "models"
    packed = models / "model.pt"
    is_packed = packed.is_file() and (read_provenance(packed) or {}).get("variant") == variant
    return packed if is_packed else models / f"{variant}.pt"


def load_network(variant_or_path: str | Path) -> MTTransUNet:
    """The trained network in eval mode, on the CPU.

    Args:
        variant_or_path: "lite" or "paper" for the shipped weights; otherwise a file of weights or a run folder, from
            which variant, encoder and number of layers are recognised.

    Raises:
        ValueError: no such weights, or a file that is not of this project.
    """
    is_variant = str(variant_or_path) in VARIANTS
    if not is_variant and not Path(variant_or_path).exists():
        raise WeightsError(
            f"{str(variant_or_path)!r} is neither a variant ({', '.join(VARIANTS)}) nor an existing file or run "
            "folder; check the spelling"
        )
    path = shipped_weights(str(variant_or_path)) if is_variant else Path(variant_or_path)
    state = read_run(path)
    identity = identify(state)
    if identity is None or (is_variant and identity.variant != str(variant_or_path)):
        raise WeightsError(f"{path} holds {identity or 'the weights of another network'}; give a model.pt of a run")
    network = build_network(**identity._asdict())
    network.load_state_dict(as_float32(state))
    network.image_size = trained_at(path).get("image_size", network.image_size)
    return network.eval()


def load_weights(network: nn.Module, path: str | Path, *, variant: str | None = None) -> nn.Module:
    """Load a file of weights, or the model.pt of a run folder, into an existing network and return it.

    Args:
        network: as `build_network` gives it; its mode and device stay as they are.
        path: the file or folder.
        variant: the network's name for messages; recognised from its parameters when left out.

    Raises:
        ValueError: the file is missing, unreadable, a training checkpoint, or of another network.
    """
    state = read_run(Path(path))
    expected = network.state_dict()
    if shapes(state) != shapes(expected):
        raise WeightsError(explain_mismatch(Path(path), state, expected, variant))
    network.load_state_dict(as_float32(state))
    return network


def identify(state: Mapping[str, torch.Tensor]) -> Identity | None:
    """Whose weights these are, from names and shapes alone; None if no network of ours has exactly these."""
    blocks = {key.split(".")[2] for key in state if key.startswith("transformer.blocks.")}
    if "transformer.norm.weight" not in state or len(blocks) > MAX_LAYERS:
        return None
    width = state["transformer.norm.weight"].numel()
    wanted = shapes(state)
    for variant, row in VARIANTS.items():
        if row["embed_dim"] != width:
            continue
        for encoder in sorted(ENCODERS, key=lambda name: name != row["encoder"]):
            identity = Identity(variant, encoder, len(blocks), "light.norm" in state)
            with torch.device("meta"):
                candidate = build_network(**identity._asdict())
            if shapes(candidate.state_dict()) == wanted:
                return identity
    return None


def read_run(path: Path) -> dict[str, torch.Tensor]:
    """Read a state dict from a file or from model.pt of a run folder; a file with a provenance record must fit it."""
    shipped = {shipped_weights(variant).resolve(): variant for variant in VARIANTS}
    variant = shipped.get(path.resolve())
    if variant is not None and not path.exists():
        raise WeightsError(
            f"no weights ship for variant {variant!r} yet; train them: python -m monai.bundle run training "
            f"--config_file bundle/configs/train.json --variant {variant} --dataset_dir DATA, then pass --weights RUN"
        )
    file = weights_file(path)
    if file.is_file():
        check_provenance(file, required=variant is not None)
    state = read_weights(file)
    require_numbers(file, state)
    return state


def built_as(path: str | Path, variant: str) -> dict[str, Any]:
    """``encoder``, ``num_layers`` and ``constant_light`` that a network must be built with to take these weights.

    Empty where the file is not there, or holds those of another network: loading it will say so.
    """
    file = Path(path) / MODEL if Path(path).is_dir() else Path(path)
    identity = identify(read_run(file)) if file.is_file() else None
    if identity is None or identity.variant != variant:
        return {}
    return identity.choices


def explain_mismatch(
    path: Path, state: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor], variant: str | None
) -> str:
    found, own = identify(state), identify(expected)
    if found is not None and own is not None:
        if found.variant != (variant or own.variant):
            remedy = f"pass --variant {found.variant}"
            return f"{path} holds weights of {found}, this network is {variant or own.variant!r}: {remedy}"
        remedy = f"build it with {', '.join(f'{key}={value!r}' for key, value in found.choices.items())}"
        return f"{path} holds weights of {found}, this network is {own}: {remedy}"
    foreign = sorted(state.keys() - expected.keys()) or sorted(expected.keys() - state.keys())
    detail = f"{foreign[0]} stands in only one of them" if foreign else "names agree but shapes differ"
    return f"{path} holds the weights of another network ({detail}); give a model.pt that this network wrote"


def shapes(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {key: tensor.shape for key, tensor in state.items()}


def as_float32(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Floating-point tensors as float32; counters stay integers."""
    return {key: tensor.float() if tensor.is_floating_point() else tensor for key, tensor in state.items()}
