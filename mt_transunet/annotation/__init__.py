# SPDX-License-Identifier: Apache-2.0
"""Which image a person should annotate next: the one whose mask is least certain, or that stands for most others."""

from __future__ import annotations

from .acquisition import least_certain_first, representatives
from .queue import Served, due_images, next_image, score_images
from .uncertainty import uncertainty
from .variety import Looks, next_representative

__all__ = [
    "Looks",
    "Served",
    "due_images",
    "least_certain_first",
    "next_image",
    "next_representative",
    "representatives",
    "score_images",
    "uncertainty",
]
