# SPDX-License-Identifier: Apache-2.0
"""Losses of the two tasks and of their consistency."""

from .attended_region import AttendedRegionConsistencyLoss, attended_region_consistency
from .dual_task_consistency import DualTaskConsistencyLoss, dual_task_consistency
from .multi_task import PARTS, MultiTaskLoss
from .supervised import class_cross_entropy, level_set_l2, mask_cross_entropy, mask_dice

__all__ = [
    "PARTS",
    "AttendedRegionConsistencyLoss",
    "DualTaskConsistencyLoss",
    "MultiTaskLoss",
    "attended_region_consistency",
    "class_cross_entropy",
    "dual_task_consistency",
    "level_set_l2",
    "mask_cross_entropy",
    "mask_dice",
]
