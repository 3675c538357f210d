# SPDX-License-Identifier: Apache-2.0
"""What every site runs: NVFlare's Client API around MONAI's federated client.

A site needs mt_transunet installed and says where its things are by a file of its own, which it names in the
environment variable ``MT_TRANSUNET_SITE``: a JSON object with ``bundle_root``, ``sites`` and ``output_dir`` (folders
that hold one folder per site, by name), ``local_epochs`` and ``overrides`` of the configs.
"""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nvflare.client as flare
import torch
from monai.fl.client import MonaiAlgo
from monai.fl.utils.constants import ExtraItems, FlStatistics
from monai.fl.utils.exchange_object import ExchangeObject
from torch import Tensor

CONFIGS = ["configs/train.json", "configs/federated.json"]
STEPS = "NUM_STEPS_CURRENT_ROUND"  # the weight FedAvg gives a site
TAUGHT_BY_MASKS = ("decoder.", "mask_head.", "level_set_head.")


def main() -> None:
    """Rounds of evaluating and training what the server sends, until it sends no more."""
    settings = json.loads(Path(settings_file()).read_text(encoding="utf-8"))
    flare.init()
    site, algo = flare.get_site_name(), None
    while flare.is_running():
        received = flare.receive()
        if received is None:
            break
        algo = algo or started(site, settings, rounds=received.total_rounds)
        given = ExchangeObject(weights=received.params)
        figures = measured(algo, given)
        say(site, f"round {received.current_round + 1} of {received.total_rounds} begins", figures)
        algo.train(given)
        result = algo.get_weights()
        steps = int(result.statistics[FlStatistics.NUM_EXECUTED_ITERATIONS])
        say(site, f"round {received.current_round + 1} trained, {steps} iterations", last_losses(algo))
        flare.send(flare.FLModel(params=shared(algo, result.weights), metrics=figures, meta={STEPS: steps}))
    if algo is not None:
        algo.finalize()


def settings_file() -> str:
    try:
        return os.environ["MT_TRANSUNET_SITE"]
    except KeyError:
        # no SystemExit: NVFlare runs this in a thread, which that would end without a word
        raise RuntimeError(
            "MT_TRANSUNET_SITE is not set; let it name this site's settings file (see client.py)"
        ) from None


def started(site: str, settings: dict[str, Any], *, rounds: int) -> MonaiAlgo:
    """MONAI's client on this site's data, initialized."""
    own = {
        **settings["overrides"],
        "rounds": rounds,
        "dataset_dir": str(Path(settings["sites"]) / site),
        "output_dir": str(Path(settings["output_dir"]) / site),
    }
    algo = MonaiAlgo(
        settings["bundle_root"],
        local_epochs=settings["local_epochs"],
        send_weight_diff=False,
        config_train_filename=CONFIGS,
        train_kwargs=dict(own),
        config_evaluate_filename=CONFIGS,
        eval_kwargs=dict(own),
    )
    algo.initialize({ExtraItems.CLIENT_NAME: site})
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] in ("monai", "ignite"):  # several lines for every step of a round
            logging.getLogger(name).setLevel(logging.WARNING)
    return algo


def measured(algo: MonaiAlgo, given: ExchangeObject) -> dict[str, float]:
    """Figures of the weights given, on the site's validation images; none where it has none.

    The selection score stays at home: a site without masks makes it of other figures than one with masks, so that the
    mean of both would say nothing.
    """
    if not algo.eval_workflow.val_dataset_data:
        return {}
    figures = {name.removeprefix("val_"): float(value) for name, value in algo.evaluate(given).metrics.items()}
    return {name: value for name, value in figures.items() if name != "val" and math.isfinite(value)}


def shared(algo: MonaiAlgo, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What a site sends: copies of all weights, or, where no training image has a mask, those that none is needed for.

    FedAvg averages each weight over the sites that send it. On a CPU the tensors given are the network's own, which the
    next round changes, and NVFlare sends contiguous ones only.
    """
    masks = algo.train_workflow.parser.get_parsed_content("datalist")["training"]
    return {
        name: torch.clone(tensor, memory_format=torch.contiguous_format)
        for name, tensor in weights.items()
        if masks or not name.startswith(TAUGHT_BY_MASKS)
    }


def last_losses(algo: MonaiAlgo) -> dict[str, float]:
    """Mean of each part of the loss over the last epoch."""
    row = algo.train_workflow.parser.get_parsed_content("history").rows[-1]
    return {name: row[name] for name in ("loss", "mask", "class", "dual_task", "attended_region") if name in row}


def say(site: str, what: str, figures: dict[str, float]) -> None:
    """A line for the person who watches; NVFlare brings what is printed to its log."""
    shown = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
    print(f"{site}: {what}: {shown or 'no figure is defined'}", flush=True)


if __name__ == "__main__":
    main()
