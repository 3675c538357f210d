# SPDX-License-Identifier: Apache-2.0
"""How an image goes through the network: precision and views."""

from .autocast import AutocastInferer, resolve_precision
from .views import SYMMETRIES, Symmetry, ViewsInferer, view_symmetries

__all__ = ["SYMMETRIES", "AutocastInferer", "Symmetry", "ViewsInferer", "resolve_precision", "view_symmetries"]
