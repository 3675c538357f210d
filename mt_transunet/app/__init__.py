# SPDX-License-Identifier: Apache-2.0
"""A page on one's own machine: drop an image, see what the network says of it and whether to believe it."""

from __future__ import annotations

from .answers import Answer, answer
from .examples import write_examples
from .server import run_app, serving

__all__ = ["Answer", "answer", "run_app", "serving", "write_examples"]
