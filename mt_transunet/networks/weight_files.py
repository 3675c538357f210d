# SPDX-License-Identifier: Apache-2.0
"""Reading files of weights, with one clear sentence when that is impossible."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch


class WeightsError(ValueError):
    """Weights that are missing, unreadable or of another network; the message names the remedy."""


def read_weights(path: str | Path) -> dict[str, torch.Tensor]:
    """Read a flat dict of tensors from `.npz`, `.safetensors` or, whatever the ending otherwise, a torch file.

    Torch files are read with weights_only=True: no code in the file is executed.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or a training checkpoint.
        ImportError: a `.safetensors` file and the package is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"weights file {path} does not exist; check the path")
    if path.suffix == ".npz":
        return read_npz(path)
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    return read_torch(path)


def read_npz(path: Path) -> dict[str, torch.Tensor]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    except MemoryError:  # no fault of the file's
        raise
    except Exception as error:  # zipfile's and numpy's own kinds among them
        _refuse_unreadable(path, error)
        raise WeightsError(f"{path} is no NumPy archive of plain arrays; download it again ({error})") from error


def read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        load_file = importlib.import_module("safetensors.torch").load_file
    except ImportError as error:
        raise ImportError(f"reading {path} needs the package safetensors: pip install safetensors") from error
    try:
        return load_file(path)
    except Exception as error:  # its own SafetensorError, which old versions do not export
        raise WeightsError(f"{path} is no safetensors file; download it again ({error})") from error


def read_torch(path: Path) -> dict[str, torch.Tensor]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:  # no fault of the file's
        raise
    except Exception as error:  # a file that is none may raise anything in the unpickler
        _refuse_unreadable(path, error)
        raise WeightsError(
            f"{path} is not a torch file of plain tensors; give the model.pt of a run, or a file written by "
            "torch.save(network.state_dict(), path)"
        ) from error
    if not isinstance(content, dict) or not content:
        raise WeightsError(f"{path} holds {type(content).__name__}, not a state dict; give the model.pt of a run")
    if not all(isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in content.items()):
        raise WeightsError(
            f"{path} is a training checkpoint (it holds {', '.join(map(repr, list(content)[:4]))}), not a plain state "
            "dict; give the model.pt of that run, or the run's folder"
        )
    return content


def require_numbers(path: Path, state: Mapping[str, torch.Tensor]) -> None:
    """Refuse weights that would answer every image with nothing, or are stored as no layer can use them.

    Raises:
        WeightsError: names the first such tensor.
    """
    for name, tensor in state.items():
        if tensor.layout != torch.strided or tensor.is_quantized:
            raise WeightsError(f"{path}: {name} is no dense tensor; give a model.pt of a run")
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor.float()).all()):
            raise WeightsError(f"{path}: {name} holds values that are no numbers; the training failed, train it again")


def _refuse_unreadable(path: Path, error: Exception) -> None:
    """The system's reason, where not the content is to blame but the disk or a permission."""
    if isinstance(error, OSError) and error.errno:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error
