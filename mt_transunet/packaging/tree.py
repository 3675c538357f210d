# SPDX-License-Identifier: Apache-2.0
"""The files of a packaged bundle: configs, the code they name, weights, documents, sample images."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from ..atomic import write_json
from ..bundle_folder import bundle_folder
from ..bundle_weights import SERVED, put_weights
from ..data import write_synthetic_dataset
from ..networks import read_provenance, shipped_weights
from ..networks.provenance import weights_file
from ..reports.own_card import own_card
from .configs import PACKAGE, module_aliases, vendored
from .metadata import packaged_metadata

__all__ = ["write_tree"]

_NO_CODE = {"metadata.json", "recipes.json"}
_OVERLAYS = {
    "evaluate.json": "train.json",
    "federated.json": "train.json",
    "inference_trt.json": "inference.json",
    "multi_gpu_evaluate.json": "train.json",
    "multi_gpu_train.json": "train.json",
}
_AS_THEY_ARE = ("logging.conf", "onnx_export.yaml")
_NO_SOURCES = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "*~", "*.bak", "*.orig", "*.rej", "Thumbs.db")
"""What Python, file managers and editors leave among sources: the same sources are to give the same archive."""
_SAMPLES = {"training": 6, "validation": 3, "test": 3, "additional": 2}


def write_tree(root: Path, *, variant: str, weights: Path | None = None, linked: bool = False) -> None:
    """Write the bundle of a variant into a new folder.

    Args:
        root: the folder, which must not exist.
        variant: "lite" or "paper".
        weights: file or run folder to pack; None takes the shipped ones.
        linked: whether the code is links to the source tree's, and no copy.

    Raises:
        ValueError: the weights are missing, of another variant, or of other layers than the variant's.
        RuntimeError: the source tree is not here.
    """
    source = bundle_folder()
    if not (source / "configs" / "train.json").is_file() or not (source.parent / "setup.cfg").is_file():
        raise RuntimeError(f"{source} is not the source tree's bundle; clone the repository, make install")
    root.mkdir(parents=True)
    put_weights(weights or shipped_weights(variant), root, variant)
    _write_configs(source / "configs", root / "configs", variant, read_provenance(root / "models" / SERVED))
    (_link_code if linked else _copy_code)(root / PACKAGE)
    shutil.copytree(source / "docs", root / "docs", ignore=_NO_SOURCES)
    _write_card(root, source / "models" / f"{variant}.json", weights)
    shutil.copyfile(source.parent / "LICENSE", root / "LICENSE")
    write_synthetic_dataset(root / "sample_data", **_SAMPLES)


def _write_card(root: Path, shipped: Path, weights: Path | None) -> None:
    """Other weights than the shipped ones get a card of their own: the figures in the documents are not theirs.

    It is the one beside them, which a person may have filled in, or written from their record.
    """
    packed = read_provenance(root / "models" / SERVED)
    if shipped.is_file() and json.loads(shipped.read_text(encoding="utf-8"))["sha256"] == packed["sha256"]:
        return
    beside = weights_file(weights).with_suffix(".md")
    text = beside.read_text(encoding="utf-8") if beside.is_file() else own_card(packed, SERVED)
    (root / "docs" / "model_card.md").write_text(text, encoding="utf-8")


def _write_configs(source: Path, folder: Path, variant: str, record: dict[str, Any] | None) -> None:
    configs = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(source.glob("*.json"))}
    for name, config in configs.items():
        if name not in _NO_CODE:
            aliases = module_aliases(configs[_OVERLAYS.get(name, name)])
            config = vendored(config, variant=variant, aliases=aliases)
        if name == "metadata.json":
            config = packaged_metadata(config, variant=variant, record=record)
        write_json(folder / name, config)
    for name in _AS_THEY_ARE:
        shutil.copyfile(source / name, folder / name)


def _copy_code(folder: Path) -> None:
    """The package, with the transforms inside it that the source tree keeps in a folder of their own."""
    package = Path(__file__).resolve().parents[1]
    shutil.copytree(package, folder, ignore=_NO_SOURCES)
    if not (folder / "transforms").is_dir():
        shutil.copytree(package.parent / "transforms", folder / "transforms", ignore=_NO_SOURCES)


def _link_code(folder: Path) -> None:
    """The same, each part a link."""
    folder.mkdir()
    package = Path(__file__).resolve().parents[1]
    for path in [*package.iterdir(), package.parent / "transforms"]:
        if path.name != "__pycache__":
            (folder / path.name).symlink_to(path)
