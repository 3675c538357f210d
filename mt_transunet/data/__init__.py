# SPDX-License-Identifier: Apache-2.0
"""From folders to batches: layouts, checks, the contamination guard, the two-stream sampler."""

from __future__ import annotations

from .annotations import annotated, as_items
from .check import check_data
from .contamination import ContaminationError
from .data_report import DataReport
from .errors import DataError
from .folds import evaluated_side, fold_of, training_sides
from .items import SPLITS, ids_hash, only, repeated
from .layouts import describe_roots, find_images, load_datalist
from .own_datalist import write_datalist
from .own_table import OwnTable
from .reading import readable_images, require_readable
from .sampler import DrawKey, TwoStreamBatchSampler
from .seeded_dataset import SeededDataset
from .synthetic import SyntheticCase, synthetic_case, synthetic_dataset, write_synthetic_dataset
from .truth import truth_hash

__all__ = [
    "SPLITS",
    "ContaminationError",
    "DataError",
    "DataReport",
    "DrawKey",
    "OwnTable",
    "SeededDataset",
    "SyntheticCase",
    "TwoStreamBatchSampler",
    "annotated",
    "as_items",
    "check_data",
    "describe_roots",
    "evaluated_side",
    "find_images",
    "fold_of",
    "ids_hash",
    "load_datalist",
    "only",
    "readable_images",
    "repeated",
    "require_readable",
    "synthetic_case",
    "synthetic_dataset",
    "training_sides",
    "truth_hash",
    "write_datalist",
    "write_synthetic_dataset",
]
