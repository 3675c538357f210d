# SPDX-License-Identifier: Apache-2.0
"""MONAI transforms of the bundle, imported as ``mt_transunet.transforms``."""

from .colour import RandColourJitterd
from .conversion import as_rgb, to_mask, to_rgb
from .geometry import RandCentralCropd, RandLesionAffined
from .level_set import LevelSet, LevelSetd, signed_distance
from .resize import AntialiasedResized
from .targets import TargetDefaultsd
from .writing import AtomicPILWriter, OutputNames

__all__ = [
    "AntialiasedResized",
    "AtomicPILWriter",
    "LevelSet",
    "LevelSetd",
    "OutputNames",
    "RandCentralCropd",
    "RandColourJitterd",
    "RandLesionAffined",
    "TargetDefaultsd",
    "as_rgb",
    "signed_distance",
    "to_mask",
    "to_rgb",
]
