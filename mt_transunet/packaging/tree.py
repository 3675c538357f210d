# SPDX-License-Identifier: Apache-2.0
"""The files of a packaged bundle: configs, the code they name, weights, documents, sample images."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from ..atomic import write_json
from ..bundle_folder import bundle_folder
from ..data import write_synthetic_dataset
from ..networks import read_provenance, shipped_weights, trained_at, weights_hash
from ..networks.provenance import weights_file
from ..networks.weights import identify, read_run
from ..shipping import ship_weights
from .configs import PACKAGE, module_aliases, vendored
from .metadata import packaged_metadata

__all__ = ["write_tree"]

_NO_CODE = {"metadata.json", "recipes.json"}
_OVERLAYS = {"evaluate.json": "train.json"}
_SAMPLES = {"training": 6, "validation": 3, "test": 3, "additional": 2}


def write_tree(root: Path, *, variant: str, weights: Path | None = None) -> None:
    """Write the bundle of a variant into a new folder.

    Args:
        root: the folder, which must not exist.
        variant: "lite" or "paper".
        weights: file or run folder to pack; None takes the shipped ones.

    Raises:
        ValueError: the weights are missing, of another variant, or of other layers than the variant's.
        RuntimeError: the source tree is not here.
    """
    source = bundle_folder()
    if not (source / "configs" / "train.json").is_file() or not (source.parent / "setup.cfg").is_file():
        raise RuntimeError(f"{source} is not the source tree's bundle; clone the repository, make install")
    root.mkdir(parents=True)
    _write_weights(root / "models", variant, weights)
    _write_configs(source / "configs", root / "configs", variant, read_provenance(root / "models" / "model.pt"))
    _write_code(root / PACKAGE)
    shutil.copytree(source / "docs", root / "docs")
    shutil.copyfile(source.parent / "LICENSE", root / "LICENSE")
    write_synthetic_dataset(root / "sample_data", **_SAMPLES)


def _write_weights(folder: Path, variant: str, weights: Path | None) -> None:
    """``model.pt`` and its record: the shipped file as it is, weights of a run in half precision."""
    path = weights or shipped_weights(variant)
    identity = identify(read_run(path))
    if identity is None or str(identity) != f"variant {variant!r}":
        raise ValueError(f"{path} holds {identity or 'the weights of another network'}, not those of {variant!r}")
    folder.mkdir()
    record: dict[str, Any] | None = read_provenance(path)
    if record is not None:
        shutil.copyfile(weights_file(path), folder / "model.pt")
    else:
        ship_weights(weights_file(path), folder / "model.pt")
        record = {"sha256": weights_hash(folder / "model.pt"), "variant": variant, **trained_at(path)}
    write_json(folder / "model.json", record)


def _write_configs(source: Path, folder: Path, variant: str, record: dict[str, Any] | None) -> None:
    configs = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(source.glob("*.json"))}
    for name, config in configs.items():
        if name not in _NO_CODE:
            aliases = module_aliases(configs[_OVERLAYS.get(name, name)])
            config = vendored(config, variant=variant, aliases=aliases)
        if name == "metadata.json":
            config = packaged_metadata(config, variant=variant, record=record)
        write_json(folder / name, config)
    shutil.copyfile(source / "logging.conf", folder / "logging.conf")


def _write_code(folder: Path) -> None:
    """The package, with the transforms inside it that the source tree keeps in a folder of their own."""
    package = Path(__file__).resolve().parents[1]
    bytecode = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(package, folder, ignore=bytecode)
    if not (folder / "transforms").is_dir():
        shutil.copytree(package.parent / "transforms", folder / "transforms", ignore=bytecode)
