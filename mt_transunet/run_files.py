# SPDX-License-Identifier: Apache-2.0
"""Names of the files that runs leave in their folders."""

from __future__ import annotations

__all__ = ["HISTORY", "METRICS", "MODEL", "PER_IMAGE", "RECORD"]

MODEL = "model.pt"
"""Of a training: the weights to use."""

RECORD = "config.json"
"""Of a training: what it was told, with commit, versions and the configs."""

HISTORY = "history.csv"
"""Of a training: a row for each epoch."""

METRICS = "metrics.json"
"""Of an evaluation: figures and protocol."""

PER_IMAGE = "per_image.csv"
"""Of an evaluation: a row for each image."""
