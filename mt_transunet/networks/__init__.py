# SPDX-License-Identifier: Apache-2.0
"""The network of both variants, its parts, and its weights."""

from __future__ import annotations

from .mt_transunet import MTTransUNet
from .provenance import read_provenance, trained_at, weights_hash
from .variants import VARIANTS, build_network
from .weights import load_network, load_weights, shipped_weights

__all__ = [
    "VARIANTS",
    "MTTransUNet",
    "build_network",
    "load_network",
    "load_weights",
    "read_provenance",
    "shipped_weights",
    "trained_at",
    "weights_hash",
]
