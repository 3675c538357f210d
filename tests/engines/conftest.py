# SPDX-License-Identifier: Apache-2.0
"""A training run in miniature, wired as train.json wires it, and fake states of an evaluator."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from ignite.engine import Engine, Events
from ignite.metrics import Average
from monai.data import MetaTensor
from monai.engines import SupervisedEvaluator, SupervisedTrainer
from monai.handlers import LrScheduleHandler, ValidationHandler
from PIL import Image
from torch import nn

from mt_transunet.data import TwoStreamBatchSampler
from mt_transunet.engines import (
    BestModel,
    InitialValidation,
    IterationBudget,
    IterationSeed,
    ResumableEarlyStop,
    RunCheckpoint,
    RunHistory,
    SamplerProgress,
    WeightAveraging,
    beats,
    learning_rate_factor,
)


class Killed(Exception):
    """Stands for SIGKILL: nothing of the run's own code runs after it."""


class Draws(torch.utils.data.Dataset):
    """Items that are noise of their (epoch, index)."""

    def __getitem__(self, key):
        values = np.random.default_rng(list(key)).normal(size=5).astype(np.float32)
        return {"image": torch.from_numpy(values[:4]), "label": torch.from_numpy(values[4:])}


class Parts(nn.Module):
    """Mean squared error with the ``parts`` that the handlers read."""

    def forward(self, prediction, target):
        loss = (prediction - target).square().mean()
        self.parts = {"mse": loss.detach(), "loss": loss.detach()}
        return loss


def build_evaluator(folder, network, early_stop, score, keep):
    best = BestModel(folder / "model.pt", network=network, keep=keep)
    evaluator = SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=[{"image": torch.ones(2, 4), "label": torch.ones(2, 1)}],
        network=network,
        key_val_metric={"val": Average(output_transform=lambda _: score(evaluator.state.epoch))},
        metric_cmp_fn=beats,
        val_handlers=[best, early_stop],
        decollate=False,
    )
    return evaluator


def build_trainer(network, loader, optimizer, loss, handlers):
    return SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=1000,
        train_data_loader=loader,
        network=network,
        optimizer=optimizer,
        loss_function=loss,
        train_handlers=handlers,
        decollate=False,
    )


def kill(_):
    raise Killed


def build_run(
    folder,
    *,
    max_iterations=13,
    kill_at=None,
    kill_before_checkpoint=None,
    decay=0.5,
    score=float,
    patience=10**9,
    validate=True,
    keep="best",
    judge_start=False,
    **checkpoint,
):
    """5 iterations per epoch; ``score(n)`` is the figure of the validation of epoch n, 0 being the start."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 1))
    averaging, loss, generators = WeightAveraging(network, decay=decay), Parts(), IterationSeed(0)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.05)
    factor = learning_rate_factor("cosine", total=max_iterations, warmup=2)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    sampler = TwoStreamBatchSampler(10, 0, labelled_batch=2, unlabelled_batch=0, seed=0)
    early_stop = ResumableEarlyStop(patience, score_function=lambda engine: engine.state.metrics["val"])
    evaluator = build_evaluator(folder, averaging.network, early_stop, score, keep)
    history = RunHistory(folder / "history.csv", loss=loss, optimizer=optimizer, batch_size=2, evaluator=evaluator)
    handlers = [generators, SamplerProgress(sampler), LrScheduleHandler(scheduler, epoch_level=False), averaging]
    handlers += [ValidationHandler(interval=1 if validate else 10**6, validator=evaluator), history]
    handlers += [BestModel(folder / "model.pt", network=averaging.network, evaluator=evaluator)]
    loader = torch.utils.data.DataLoader(Draws(), batch_sampler=sampler)
    trainer = build_trainer(network, loader, optimizer, loss, handlers)
    early_stop.set_trainer(trainer)
    if kill_before_checkpoint:
        trainer.add_event_handler(Events.EPOCH_COMPLETED(once=kill_before_checkpoint), kill)
    saved = {"network": network, "averaging": averaging, "optimizer": optimizer, "scheduler": scheduler}
    saved |= {"generators": generators, "history": history, "early_stop": early_stop}
    checkpoint = {"identity": {"variant": "toy", "seed": 0}, "save_interval": 2, **checkpoint}
    options = {"objects": saved, "max_iterations": max_iterations, "evaluator": evaluator, **checkpoint}
    RunCheckpoint(folder / "checkpoint.pt", **options).attach(trainer)
    InitialValidation(evaluator, enabled=judge_start).attach(trainer)
    IterationBudget(max_iterations).attach(trainer)
    if kill_at:
        trainer.add_event_handler(Events.ITERATION_COMPLETED(once=kill_at), kill)
    return SimpleNamespace(trainer=trainer, evaluator=evaluator)


@pytest.fixture
def run_in():
    """``run_in(folder, **options)`` builds a run; ``run_in.killed`` is the exception of one that was killed."""

    def build(folder, **options):
        return build_run(folder, **options)

    build.killed = Killed
    return build


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "photographs" / "ISIC_7.png"
    path.parent.mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(path)
    return str(path)


@pytest.fixture
def state_of():
    """(batch item, output item) of a decollated, postprocessed evaluator: planes are (1, W, H) of a 60 x 40 image."""

    def make(path, image_id="ISIC_7", truth=True, probabilities=(0.2, 0.7, 0.1)):
        lesion = torch.zeros(1, 60, 40)
        lesion[:, 20:50, 10:30] = 1.0
        output = {
            "pred_mask_logits": torch.cat([1 - lesion, lesion]),
            "pred_mask": lesion,
            "pred_level_set": 0.5 - lesion,
            "pred_attention": torch.full((2, 3), 1 / 6),
            "pred_class_logits": torch.tensor(probabilities),
            "true_image_id": image_id,
            "true_label": torch.tensor(1),
        }
        if truth:
            output["true_mask"] = (lesion * 255).to(torch.uint8)
        batch = {"image": MetaTensor(torch.zeros(3, 32, 32), meta={"filename_or_obj": path})}
        return batch, output

    return make


@pytest.fixture
def fire():
    """Runs a handler over (batch, output) pairs in a bare engine, ``before`` ahead of it."""

    def run(handler, states, before=None):
        def process(engine, item):
            engine.state.batch, output = item
            return output

        engine = Engine(process)
        if before is not None:
            engine.add_event_handler(Events.ITERATION_COMPLETED, before)
        handler.attach(engine)
        return engine.run(states)

    return run
