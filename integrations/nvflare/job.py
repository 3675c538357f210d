# SPDX-License-Identifier: Apache-2.0
"""A federation of three sites on one machine with NVFlare's simulator, from the data to the figures.

    python integrations/nvflare/job.py [--dataset_dir ISIC2017 --image_size 192 --rounds 20] [--output_dir DIR]

The third site has diagnoses and no masks. Nothing listens to the outside: the sites and the server are processes of
this machine.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from nvflare.app_opt.pt.file_model_persistor import PTFileModelPersistor
from nvflare.app_opt.pt.recipes.fedavg import FedAvgRecipe
from nvflare.client.config import ExchangeFormat
from nvflare.fuel.utils.log_utils import msg_only_log_dict
from nvflare.recipe import SimEnv
from sites import divide

from mt_transunet import build_network
from mt_transunet.atomic import save_tensors, write_json
from mt_transunet.bundle_command import run_bundle
from mt_transunet.bundle_folder import bundle_folder
from mt_transunet.data import DataError, synthetic_dataset
from mt_transunet.networks import built_as, load_weights, weights_hash
from mt_transunet.user_errors import report_user_errors

SITES = ("site-1", "site-2", "site-3")
DIAGNOSES_ONLY = ("site-3",)
NAME = "mt-transunet"
HERE = Path(__file__).resolve().parent


def main() -> None:
    """Divide the data, train in rounds, write the weights, evaluate them before and after."""
    report_user_errors()
    given = arguments()
    output = Path(given.output_dir).resolve()
    dataset, additional = given.dataset_dir, given.additional_dir
    if dataset is None:
        dataset = synthetic_dataset(output / "synthetic")
        additional = additional or dataset / "additional"
    counts = divide(dataset, output / "sites", names=SITES, diagnoses_only=DIAGNOSES_ONLY, additional_dir=additional)
    if not any(count["masks"] for count in counts.values()):
        raise DataError(
            f"no site has a mask, so that none can teach the segmentation; give {', '.join(SITES[:2])} some"
        )
    for name, count in counts.items():
        print(f"{name}: {', '.join(f'{key} {value}' for key, value in count.items())}")
    record = {
        "variant": "lite",
        "image_size": given.image_size,
        "rounds": given.rounds,
        "local_epochs": given.local_epochs,
        "initial_weights": given.initial_weights and weights_hash(given.initial_weights),
        "sites": counts,
    }
    torch.manual_seed(given.seed)  # of what neither ImageNet nor the given weights have
    network = build_network("lite", pretrained=given.initial_weights is None, constant_light=constant_light(given))
    if given.initial_weights:
        load_weights(network, given.initial_weights)
    write_run(output / "initial", network, {**record, "rounds": 0})
    before = evaluated(output, "initial", dataset, given)  # a split that is not there shows before the training
    aggregated = federated(given, output)
    network.load_state_dict(aggregated)  # counters, averaged like all else, become whole numbers again
    write_run(output / "global", network, record)
    report({"initial": before, "global": evaluated(output, "global", dataset, given)}, output)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_dir", help="in any layout the bundle reads; default: built-in synthetic images")
    parser.add_argument("--additional_dir", help="more images with a diagnosis only, divided like the others")
    parser.add_argument("--output_dir", default="runs/federation")
    parser.add_argument("--initial_weights", help="trained weights to start from; default: ImageNet's")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--local_epochs", type=int, default=3)
    parser.add_argument("--image_size", type=int, default=64)
    parser.add_argument("--labelled_batch", type=int, default=4)
    parser.add_argument("--unlabelled_batch", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", default="test", help="of dataset_dir, on which the weights are evaluated")
    return parser.parse_args()


def constant_light(given: argparse.Namespace) -> bool:
    """Whether the weights to start from were trained so: every site builds its network alike."""
    return bool(given.initial_weights) and built_as(given.initial_weights, "lite").get("constant_light", False)


def federated(given: argparse.Namespace, output: Path) -> dict[str, torch.Tensor]:
    """Run the job and return the weights the server has after the last round."""
    os.environ["MT_TRANSUNET_SITE"] = str(write_json(output / "sites" / "settings.json", site_settings(given, output)))
    recipe = FedAvgRecipe(
        name=NAME,
        min_clients=len(SITES),
        num_rounds=given.rounds,
        train_script=str(HERE / "client.py"),
        model_persistor=PTFileModelPersistor(
            source_ckpt_file_full_name=str(output / "initial" / "model.pt"), allow_numpy_conversion=False
        ),
        server_expected_format=ExchangeFormat.PYTORCH,
        key_metric="",  # the last round's weights are kept: nothing is chosen on the sites' validation images
    )
    # the sites share this machine's cores
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // len(SITES))))
    workspace = output / "nvflare"
    shutil.rmtree(workspace, ignore_errors=True)  # of an earlier job
    simulator = SimEnv(
        clients=list(SITES),
        num_threads=len(SITES),
        workspace_root=str(workspace),
        log_config=str(write_json(output / "sites" / "log.json", quiet_console())),
    )
    result = recipe.execute(simulator).get_result()
    file = Path(result) / "server" / "simulate_job" / "app_server" / "FL_global_model.pt"
    if not file.is_file():
        raise SystemExit(f"the job left no {file.name}; its logs are below {workspace}")
    return torch.load(file, map_location="cpu", weights_only=True)["model"]


def quiet_console() -> dict[str, Any]:
    """NVFlare's logging with rounds, sites and problems on the screen; its files keep everything."""
    config = copy.deepcopy(msg_only_log_dict)
    config["filters"]["shown"] = {
        "()": "nvflare.fuel.utils.log_utils.LoggerNameFilter",
        "logger_names": ["nvflare.app_common.workflows", "nvflare.app_common.executors.task_script_runner"],
    }
    config["handlers"]["consoleHandler"]["filters"] = ["shown"]
    return config


def site_settings(given: argparse.Namespace, output: Path) -> dict[str, Any]:
    """What ``client.py`` reads."""
    return {
        "bundle_root": str(bundle_folder()),
        "sites": str(output / "sites"),
        "output_dir": str(output / "sites"),
        "local_epochs": given.local_epochs,
        "overrides": {
            "seed": given.seed,
            "constant_light": constant_light(given),
            "image_size": given.image_size,
            "labelled_batch": given.labelled_batch,
            "unlabelled_batch": given.unlabelled_batch,
            "warmup_iterations": 0,
            "pretrained": False,
            "num_workers": 0,
        },
    }


def write_run(folder: Path, network: torch.nn.Module, settings: dict[str, Any]) -> None:
    """``model.pt`` with a ``config.json`` that says the size it is used at: a folder ``--weights`` takes."""
    save_tensors(folder / "model.pt", network.state_dict())
    write_json(folder / "config.json", {"settings": settings})


def evaluated(output: Path, name: str, dataset: Path | str, given: argparse.Namespace) -> dict[str, Any]:
    folder = output / f"{name}-evaluating"
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier job
    overrides = {"dataset_dir": dataset, "split": given.split, "views": "none", "weights": output / name}
    run_bundle("evaluating", {**overrides, "num_workers": 0, "output_dir": folder})
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def report(compared: dict[str, Any], output: Path) -> None:
    print(f"\n{'weights':10} {'JA':>6} {'DI':>6} {'mean AUC':>9}")
    for name, metrics in compared.items():
        segmentation, classes = metrics["segmentation"], metrics["classification"]
        figures = (segmentation["JA"], segmentation["DI"], classes["mean_AUC"])
        shown = ["-" if figure is None else f"{figure['value']:.3f}" for figure in figures]
        print(f"{name:10} {shown[0]:>6} {shown[1]:>6} {shown[2]:>9}")
    print(f"\nuse them: --weights {output / 'global'}")


if __name__ == "__main__":
    main()
