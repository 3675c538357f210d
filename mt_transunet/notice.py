# SPDX-License-Identifier: Apache-2.0
"""What stands above every answer that a person sees: for what it must not be used."""

from __future__ import annotations

__all__ = ["NOT_A_DEVICE", "NOT_FOR"]

NOT_A_DEVICE = "Research software, not a medical device."
NOT_FOR = "It must not be used to diagnose, to rule out disease or to decide on a treatment."
