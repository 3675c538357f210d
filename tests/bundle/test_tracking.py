# SPDX-License-Identifier: Apache-2.0
"""``--tracking mlflow``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

mlflow = pytest.importorskip("mlflow")


@pytest.mark.slow
def test_tracking_writes_a_run_with_loss_and_validation(commands: Callable, configs: Path, synthetic: Path, tmp_path):
    words = ["run", "training", "--config_file", configs / "train.json", "--tracking", "mlflow"]
    words += "--image_size 32 --labelled_batch 2 --unlabelled_batch 1 --pretrained False --num_workers 0".split()
    words += ["--max_iterations", "2", "--dataset_dir", synthetic, "--output_dir", tmp_path / "run"]
    (done,) = commands([words], tmp_path)
    assert done.code == 0, done.err
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'run' / 'mlruns.db'}")
    (run,) = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    assert len(client.get_metric_history(run.info.run_id, "train_loss")) == 2
    assert 0 < run.data.metrics["train_loss"] < 10 and 0 <= run.data.metrics["val_JA"] <= 1
