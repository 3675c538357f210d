# SPDX-License-Identifier: Apache-2.0
"""MT-TransUNet: one network that segments and classifies skin lesions, as a MONAI bundle."""

from __future__ import annotations

CLASS_NAMES = ("nevus", "melanoma", "seborrheic_keratosis")
"""Order of the classes in every output, label and table (0, 1, 2)."""
