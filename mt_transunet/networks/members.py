# SPDX-License-Identifier: Apache-2.0
"""Several files of weights for one architecture."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from .provenance import read_provenance, trained_at, weights_hash
from .weight_files import WeightsError
from .weights import identify, load_weights, read_run

__all__ = [
    "load_members",
    "member_files",
    "member_hashes",
    "member_record",
    "members",
    "record_hash",
    "single_file",
    "trained_alike_at",
    "trained_together_at",
]


def member_files(weights: str | Path | Sequence[str | Path]) -> list[str | Path]:
    """The files (or run folders) of an ensemble; a single one is an ensemble of one.

    Raises:
        WeightsError: an empty list.
    """
    files = [weights] if isinstance(weights, (str, Path)) else list(weights)
    if not files:
        raise WeightsError("weights is an empty list; name at least one file or run folder")
    return files


def single_file(weights: str | Path | Sequence[str | Path]) -> str | Path:
    """The one file, for what cannot be made of an ensemble.

    Raises:
        WeightsError: there are several.
    """
    files = member_files(weights)
    if len(files) > 1:
        raise WeightsError(f"an engine is built of one file of weights, got {', '.join(map(str, files))}; name one")
    return files[0]


def members(network: nn.Module, weights: str | Path | Sequence[str | Path]) -> list[nn.Module]:
    """The network itself and a copy of it for every further file, not loaded yet."""
    return [network, *(copy.deepcopy(network) for _ in member_files(weights)[1:])]


def load_members(
    networks: Sequence[nn.Module], weights: str | Path | Sequence[str | Path], *, variant: str | None = None
) -> None:
    """Load each file into its network.

    Raises:
        WeightsError: as `load_weights`, naming the file; or weights of several architectures.
    """
    files = member_files(weights)
    _refuse_several_architectures(files)
    for network, file in zip(networks, files, strict=True):
        load_weights(network, file, variant=variant)


def _refuse_several_architectures(files: Sequence[str | Path]) -> None:
    """Foreign ones among them are left to who loads them."""
    found = {file: identify(read_run(Path(file))) for file in files} if len(files) > 1 else {}
    told = [(file, identity) for file, identity in found.items() if identity is not None]
    for file, identity in told[1:]:
        first, own = told[0]
        if identity != own:
            raise WeightsError(
                f"{first} is of {own}, {file} of {identity}: an ensemble is of one architecture; leave one of them out"
            )


def member_hashes(weights: str | Path | Sequence[str | Path]) -> str | list[str]:
    """SHA-256 of the file, or of each of several."""
    hashes = [weights_hash(file) for file in member_files(weights)]
    return hashes[0] if len(hashes) == 1 else hashes


def member_record(weights: str | Path | Sequence[str | Path]) -> dict[str, Any]:
    """The provenance record of a single file; empty without one, and for several, whose figures nobody measured."""
    files = member_files(weights)
    return (read_provenance(files[0]) or {}) if len(files) == 1 else {}


def record_hash(record: Mapping[str, Any]) -> str:
    """SHA-256 of a record's content: another one sets other thresholds for the same weights."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def trained_together_at(weights: str | Path | Sequence[str | Path]) -> dict[str, Any]:
    """`trained_at` of all members.

    Raises:
        WeightsError: they were trained at different sizes, so that no choice is the right one for all.
    """
    files = member_files(weights)
    sizes = [trained_at(file) for file in files]
    for file, found in zip(files, sizes):
        for name in ("image_size", "view_sizes"):
            if found.get(name) != sizes[0].get(name):
                raise WeightsError(
                    f"{files[0]} and {file} do not have one {name} ({sizes[0].get(name)} and {found.get(name)}); "
                    "pass --image_size and --view_sizes"
                )
    return sizes[0]


def trained_alike_at(weights: str | Path | Sequence[str | Path]) -> dict[str, Any]:
    """`trained_at` of all members where it is the same, else empty: no figure in a record holds for them together."""
    first, *others = [trained_at(file) for file in member_files(weights)]
    return first if all(found == first for found in others) else {}
