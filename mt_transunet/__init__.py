# SPDX-License-Identifier: Apache-2.0
"""MT-TransUNet: one network that segments and classifies skin lesions, as a MONAI bundle."""

from __future__ import annotations

from typing import Any

__version__ = "0.12.0"

CLASS_NAMES = ("nevus", "melanoma", "seborrheic_keratosis")
"""Order of the classes in every output, label and table (0, 1, 2)."""

__all__ = ["CLASS_NAMES", "build_network", "load_network", "predict"]

_HOMES = {"build_network": "networks", "load_network": "networks", "predict": "prediction"}


def __getattr__(name: str) -> Any:
    # torch and MONAI take seconds to import: `mt-transunet --help` needs neither
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    globals()[name] = value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    return value
