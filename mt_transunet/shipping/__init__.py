# SPDX-License-Identifier: Apache-2.0
"""Weights that can be given away: the recipe's, made from the data, and those of a training of one's own."""

from __future__ import annotations

from .own_weights import ship_own
from .recipe import make_weights
from .weights_file import average_weights, ship_weights, write_shipped

__all__ = ["average_weights", "make_weights", "ship_own", "ship_weights", "write_shipped"]
