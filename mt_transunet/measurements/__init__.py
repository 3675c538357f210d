# SPDX-License-Identifier: Apache-2.0
"""The ABCD rule as numbers, from an image and the mask of its lesion.

A is ``asymmetry``, B ``border_irregularity``, C ``colour_variegation`` and ``colours``, and D the diameter of the
clinical rule (Friedman, Rigel and Kopf 1985). They are measurements, no diagnosis, and no total dermatoscopy score
(Nachbar et al. 1994) can be made of them: its A also judges colour and structure on either side of the axes, its B
how abruptly the pigment ends in eight segments, and its D counts differential structures such as network and dots,
none of which a mask shows.
"""

from __future__ import annotations

from .lesion import measure_lesion

__all__ = ["measure_lesion"]
