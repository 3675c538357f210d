# SPDX-License-Identifier: Apache-2.0
"""What MONAI's engines need beside networks and losses: batches, schedules, handlers."""

from .averaging import WeightAveraging
from .best_model import BestModel, beats
from .checkpoint import RunCheckpoint
from .described import component_in_words, optimizer_in_words, schedule_name
from .evaluation import EvaluationWriter, evaluated_items
from .evaluator import lesion_evaluator
from .findings import Findings
from .history import RunHistory
from .iteration import (
    FinalValidation,
    GradientClipping,
    InitialValidation,
    IterationBudget,
    IterationSeed,
    ListedOutput,
    SamplerProgress,
    has_work,
)
from .journal import PredictionJournal
from .mixup import PrepareMixedBatch
from .prediction import PredictionWriter
from .prepare_batch import PrepareLesionBatch
from .progress import Progress
from .ramps import LossWeightRamp, consistency_ramp, learning_rate_factor, total_iterations
from .segmentation_object import DicomSegmentation
from .served_answer import ServedAnswerd
from .sharing import ResumableEarlyStop, SharedStatistics, shared_handler
from .sharpness import SharpnessAware
from .time_budget import TimeBudget

__all__ = [
    "BestModel",
    "DicomSegmentation",
    "EvaluationWriter",
    "FinalValidation",
    "Findings",
    "GradientClipping",
    "InitialValidation",
    "IterationBudget",
    "IterationSeed",
    "ListedOutput",
    "LossWeightRamp",
    "PredictionJournal",
    "PredictionWriter",
    "PrepareLesionBatch",
    "PrepareMixedBatch",
    "Progress",
    "ResumableEarlyStop",
    "RunCheckpoint",
    "RunHistory",
    "SamplerProgress",
    "ServedAnswerd",
    "SharedStatistics",
    "SharpnessAware",
    "TimeBudget",
    "WeightAveraging",
    "beats",
    "component_in_words",
    "consistency_ramp",
    "evaluated_items",
    "has_work",
    "learning_rate_factor",
    "lesion_evaluator",
    "optimizer_in_words",
    "schedule_name",
    "shared_handler",
    "total_iterations",
]
