# SPDX-License-Identifier: Apache-2.0
"""Which image a person should annotate next: the one whose mask the network is least sure of."""

from __future__ import annotations

from .uncertainty import uncertainty

__all__ = ["uncertainty"]
