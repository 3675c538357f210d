# SPDX-License-Identifier: Apache-2.0
"""Which image a person should annotate next: the one whose mask the network is least sure of."""

from __future__ import annotations

from .acquisition import choose_batch, least_certain_first
from .queue import next_image, score_images
from .uncertainty import uncertainty

__all__ = ["choose_batch", "least_certain_first", "next_image", "score_images", "uncertainty"]
