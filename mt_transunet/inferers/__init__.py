# SPDX-License-Identifier: Apache-2.0
"""How an image goes through the network: precision, views, ensembles."""

from .autocast import AutocastInferer, resolve_precision
from .ensemble import MeanPredictiond, member_keys
from .presets import READ_AS, measured_as, view_symmetries
from .symmetries import SYMMETRIES, Symmetry
from .views import ViewsInferer, scaled_sizes

__all__ = [
    "READ_AS",
    "SYMMETRIES",
    "AutocastInferer",
    "MeanPredictiond",
    "Symmetry",
    "ViewsInferer",
    "measured_as",
    "member_keys",
    "resolve_precision",
    "scaled_sizes",
    "view_symmetries",
]
