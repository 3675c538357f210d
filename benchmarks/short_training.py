# SPDX-License-Identifier: Apache-2.0
"""One short training of ``lite`` by the bundle's own config, as many iterations whatever it is trained on."""

from __future__ import annotations

import contextlib
import os
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow

from mt_transunet.atomic import write_json

CONFIG = Path(__file__).resolve().parents[1] / "bundle/configs/train.json"


def short_training(
    training: Sequence[Mapping[str, Any]],
    measured: Sequence[Mapping[str, Any]],
    folder: Path,
    options: Namespace,
    **overrides: Any,
) -> Any:
    """Train from the ImageNet encoder and return the evaluator, which has measured the averaged weights.

    Args:
        training: items of a datalist; those without a mask make the second stream.
        measured: items the evaluator measures, at the end.
        folder: where the data list and the run go.
        options: ``image_size``, ``batch`` (images with a mask), ``iterations``, ``learning_rate`` (of the decoder; the
            encoder takes half) and ``average_decay``.
        overrides: further ones of ``train.json``.
    """
    # one long epoch: training writes a checkpoint after each, and four images make an epoch of one iteration
    repeats = -(-options.iterations * options.batch // sum("mask" in item for item in training))
    repeated = [item for item in training if "mask" in item] * repeats
    rest = [item for item in training if "mask" not in item]
    write_json(folder / "datalist.json", {"training": repeated + rest, "validation": list(measured)})
    workflow = ConfigWorkflow(
        config_file=str(CONFIG),
        workflow_type="training",
        logging_file=False,
        dataset_dir=str(folder / "datalist.json"),
        output_dir=str(folder),
        resume=False,
        device="cpu",
        num_workers=0,
        image_size=options.image_size,
        labelled_batch=options.batch,
        max_iterations=options.iterations,
        warmup_iterations=options.iterations // 10,
        learning_rate=options.learning_rate,
        encoder_learning_rate=options.learning_rate / 2,
        average_decay=options.average_decay,
        keep="last",
        val_interval=10**6,
        save_interval=10**6,
        **overrides,
    )
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere), contextlib.redirect_stdout(nowhere):
        workflow.initialize()
        workflow.run()
        workflow.finalize()
    return workflow.parser.get_parsed_content("validate#evaluator")
