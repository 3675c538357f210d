# SPDX-License-Identifier: Apache-2.0
"""MONAI's federated client on a packaged bundle, where nothing of this repository is installed."""

from __future__ import annotations

from pathlib import Path

from mt_transunet.packaging import package_bundle

ROUND = """
import sys
from pathlib import Path
import torch
from monai.fl.client import MonaiAlgo
from monai.fl.utils.constants import ExtraItems, ModelType
from monai.fl.utils.exchange_object import ExchangeObject

bundle = Path(sys.argv[1])
configs = ["configs/train.json", "configs/federated.json"]
settings = {"dataset_dir": str(bundle / "sample_data"), "image_size": 32, "labelled_batch": 3, "rounds": 1}
settings |= {"pretrained": False, "num_workers": 0, "output_dir": "site"}
algo = MonaiAlgo(
    str(bundle), send_weight_diff=False, config_train_filename=configs, train_kwargs=dict(settings),
    config_evaluate_filename=configs, eval_kwargs=dict(settings),
)
algo.initialize({ExtraItems.CLIENT_NAME: "clinic"})
assert Path(sys.modules["mt_transunet"].__file__).is_relative_to(bundle)
shipped = algo.get_weights({ExtraItems.MODEL_TYPE: ModelType.BEST_MODEL}).weights
shipped = {name: value.float() if value.is_floating_point() else value for name, value in shipped.items()}
assert 0.0 <= algo.evaluate(ExchangeObject(weights=shipped)).metrics["val_JA"] <= 1.0
algo.train(ExchangeObject(weights=shipped))
algo.send_weight_diff = True
change = algo.get_weights().weights["class_head.weight"]
assert 0 < change.abs().max() < 1, change
trained = algo.trainer.network.state_dict()["class_head.weight"]
torch.testing.assert_close(trained, shipped["class_head.weight"] + change)
algo.finalize()
print("a round was done")
"""


def test_a_round_starts_from_the_packed_weights_in_a_foreign_folder(tmp_path: Path, foreign_python) -> None:
    bundle = package_bundle("lite", tmp_path / "zoo")[0]
    (tmp_path / "round.py").write_text(ROUND)
    printed = foreign_python(tmp_path)("round.py", bundle)
    assert printed.splitlines()[-1] == "a round was done"
