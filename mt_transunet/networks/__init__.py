# SPDX-License-Identifier: Apache-2.0
"""The network of both variants, its parts, and its weights."""

from __future__ import annotations

from .members import (
    load_members,
    member_files,
    member_hashes,
    member_record,
    members,
    record_hash,
    single_file,
    trained_alike_at,
    trained_together_at,
)
from .mt_transunet import MTTransUNet
from .provenance import read_provenance, trained_at, weights_hash
from .single_output import OutputTuple, SingleOutput
from .variants import VARIANTS, build_network
from .weights import built_as, load_network, load_weights, shipped_weights

__all__ = [
    "VARIANTS",
    "MTTransUNet",
    "OutputTuple",
    "SingleOutput",
    "build_network",
    "built_as",
    "load_members",
    "load_network",
    "load_weights",
    "member_files",
    "member_hashes",
    "member_record",
    "members",
    "read_provenance",
    "record_hash",
    "shipped_weights",
    "single_file",
    "trained_at",
    "trained_alike_at",
    "trained_together_at",
    "weights_hash",
]
