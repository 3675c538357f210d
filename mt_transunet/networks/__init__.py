# SPDX-License-Identifier: Apache-2.0
"""The network of both variants, its parts, and its weights."""

from __future__ import annotations

from .mt_transunet import MTTransUNet
from .variants import VARIANTS, build_network
from .weights import load_network, load_weights, shipped_weights, trained_image_size, weights_hash

__all__ = [
    "VARIANTS",
    "MTTransUNet",
    "build_network",
    "load_network",
    "load_weights",
    "shipped_weights",
    "trained_image_size",
    "weights_hash",
]
