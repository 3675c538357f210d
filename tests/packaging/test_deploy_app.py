# SPDX-License-Identifier: Apache-2.0
"""The app of ``integrations/deploy`` with MONAI Deploy's own operator, where its SDK is installed."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mt_transunet.packaging import package_bundle

APP = Path(__file__).resolve().parents[2] / "integrations" / "deploy" / "app.py"


def test_the_app_answers_as_inference_does(tmp_path):
    if not importlib.util.find_spec("monai.deploy"):
        pytest.skip("monai-deploy-app-sdk is not installed")
    bundle = package_bundle("lite", tmp_path / "out")[0]
    photographs = bundle / "sample_data" / "ISIC-2017_Test_v2_Data"
    environment = {**os.environ, "PYTHONPATH": str(bundle), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    inference = ["-m", "monai.bundle", "run", "inference", "--config_file", bundle / "configs" / "inference.json"]
    inference += ["--dataset_dir", photographs, "--output_dir", tmp_path / "inference", "--num_workers", "0"]
    app = [APP, "-m", bundle, "-i", photographs / "SYN_2000000.jpg", "-o", tmp_path / "app"]
    for words in (inference, app):
        command = [sys.executable, *map(str, words)]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    masks = [np.asarray(Image.open(tmp_path / way / "SYN_2000000_mask.png")) for way in ("inference", "app")]
    assert masks[0].any() and (masks[0] == masks[1]).all()
    found = json.loads((tmp_path / "app" / "SYN_2000000.json").read_text())["probabilities"]
    with open(tmp_path / "inference" / "predictions.csv") as stream:
        row = next(row for row in csv.DictReader(stream) if "SYN_2000000" in row["image"])
    for name, probability in found.items():
        assert probability == pytest.approx(float(row[name.replace(" ", "_")]), abs=1e-5)
    assert not (bundle / "runs").exists()
