# SPDX-License-Identifier: Apache-2.0
"""The settings that runs record beside their answers, as facts of a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["in_words", "inference_settings"]

RECORD = "predictions.json"


def inference_settings(run_dir: Path) -> dict[str, Any]:
    """What ``predictions.json`` of a run says that it was made with; empty where there is no such file."""
    try:
        content = json.loads((run_dir / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # the answers themselves are in the table, and are worth a page without it
    settings = content.get("settings") if isinstance(content, Mapping) else None
    return dict(settings) if isinstance(settings, Mapping) else {}


def in_words(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Names in words; what is nested stands as JSON."""
    return {
        key.replace("_", " "): json.dumps(value) if isinstance(value, Mapping) else value
        for key, value in settings.items()
    }
