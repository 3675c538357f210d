# SPDX-License-Identifier: Apache-2.0
"""MONAI transforms of the bundle, imported as ``mt_transunet.transforms``."""

from .colour import RandColourJitterd
from .colour_constancy import ShadesOfGreyd, illuminant
from .conversion import as_rgb, to_mask, to_rgb
from .decision import DECISIONS, DecideMaskd, decide_mask, expected_jaccard_threshold
from .geometry import RandCentralCropd, RandLesionAffined
from .hair import RemoveHaird, hair_mask
from .level_set import LevelSet, LevelSetd, signed_distance
from .resize import AntialiasedResized
from .targets import TargetDefaultsd
from .writing import AtomicNibabelWriter, AtomicPILWriter, OutputNames

__all__ = [
    "AntialiasedResized",
    "AtomicNibabelWriter",
    "AtomicPILWriter",
    "DECISIONS",
    "DecideMaskd",
    "LevelSet",
    "LevelSetd",
    "OutputNames",
    "RandCentralCropd",
    "RandColourJitterd",
    "RandLesionAffined",
    "RemoveHaird",
    "ShadesOfGreyd",
    "TargetDefaultsd",
    "as_rgb",
    "decide_mask",
    "expected_jaccard_threshold",
    "hair_mask",
    "illuminant",
    "signed_distance",
    "to_mask",
    "to_rgb",
]
