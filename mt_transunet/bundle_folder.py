# SPDX-License-Identifier: Apache-2.0
"""The bundle that this code belongs to."""

from __future__ import annotations

from pathlib import Path

__all__ = ["bundle_folder"]


def bundle_folder() -> Path:
    """``bundle/`` of the source tree; of a packaged bundle, which carries this code, the folder around it."""
    around = Path(__file__).resolve().parents[1]
    return around / "bundle" if (around / "bundle").is_dir() else around
