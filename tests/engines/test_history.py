# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
from types import SimpleNamespace

import pytest
import torch
from ignite.engine import Engine, Events

from mt_transunet.engines import RunHistory


class Loss:
    parts: dict[str, torch.Tensor] = {}


def history(folder, loss, evaluator=None):
    optimizer = torch.optim.SGD([{"params": [torch.zeros(1)], "lr": 1.0}, {"params": [torch.zeros(1)], "lr": 0.25}])
    return RunHistory(folder / "history.csv", loss=loss, optimizer=optimizer, batch_size=3, evaluator=evaluator)


def engine_of(loss):
    def step(engine, value):
        loss.parts = {"mask": torch.tensor(float(value)), "loss": torch.tensor(2.0 * value)}

    return Engine(step)


def read(folder):
    return list(csv.DictReader((folder / "history.csv").open()))


def test_a_row_holds_the_means_of_its_epoch(tmp_path):
    loss = Loss()
    engine = engine_of(loss)
    history(tmp_path, loss).attach(engine)
    values = iter([1, 2, 6, 10, 20, 30])
    engine.run((next(values) for _ in range(6)), max_epochs=2, epoch_length=3)
    first, second = read(tmp_path)
    assert list(first) == "iteration epoch seconds images_per_second learning_rate peak_memory_gib mask loss".split()
    assert [first[key] for key in ("iteration", "epoch", "learning_rate", "mask", "loss")] == "3 1 0.25 3.0 6.0".split()
    assert [second[key] for key in ("iteration", "epoch", "mask", "loss")] == "6 2 20.0 40.0".split()


def test_peak_memory_is_that_of_the_process(tmp_path):
    loss = Loss()
    engine = engine_of(loss)
    history(tmp_path, loss).attach(engine)
    engine.run([1, 2], max_epochs=1)
    assert 0.1 < float(read(tmp_path)[0]["peak_memory_gib"]) < 64  # torch alone takes more than a tenth


def test_speed_counts_the_iterations_and_not_the_validation(tmp_path, monkeypatch):
    clock = iter([0.0, 1.0, 3.0])  # epoch started, first and second iteration completed
    monkeypatch.setattr("mt_transunet.engines.history.time.perf_counter", lambda: next(clock))
    loss = Loss()
    engine = engine_of(loss)
    history(tmp_path, loss).attach(engine)
    engine.run([1, 2], max_epochs=1)
    row = read(tmp_path)[0]
    assert (row["seconds"], row["images_per_second"]) == ("3.0", "2.0")  # 2 iterations of 3 images


def test_figures_of_a_validation_stand_in_its_own_epoch_only(tmp_path):
    evaluator = SimpleNamespace(state=SimpleNamespace(epoch=-1, metrics={"val": 0.5, "val_JA": 0.75, "name": "text"}))
    loss = Loss()
    engine = engine_of(loss)
    engine.add_event_handler(
        Events.EPOCH_COMPLETED(every=2), lambda e: setattr(evaluator.state, "epoch", e.state.epoch)
    )
    history(tmp_path, loss, evaluator).attach(engine)
    engine.run([1, 2], max_epochs=3)
    assert [(row["val"], row["val_JA"]) for row in read(tmp_path)] == [("", ""), ("0.5", "0.75"), ("", "")]
    assert "name" not in read(tmp_path)[0]


def test_a_resumed_run_drops_the_rows_of_work_that_is_repeated(tmp_path):
    loss = Loss()
    whole = history(tmp_path, loss)
    engine, states = engine_of(loss), []
    whole.attach(engine)
    engine.add_event_handler(Events.ITERATION_COMPLETED, lambda: states.append(_copy(whole.state_dict())))
    engine.run([1, 2], max_epochs=3)
    assert len(read(tmp_path)) == 3
    resumed = history(tmp_path, loss)
    resumed.load_state_dict(states[2])  # after the first iteration of the second epoch
    assert [row["iteration"] for row in read(tmp_path)] == ["2"]
    engine = engine_of(loss)
    resumed.attach(engine)
    engine.run([2], max_epochs=1)  # what was left of that epoch
    assert resumed.rows[1]["mask"] == pytest.approx((1 + 2) / 2)


def _copy(state):
    return {key: value.copy() if hasattr(value, "copy") else value for key, value in state.items()}


def test_an_epoch_without_iterations_leaves_no_row(tmp_path):
    run = history(tmp_path, Loss())
    run._close_epoch(Engine(lambda *_: None))
    assert run.rows == [] and not (tmp_path / "history.csv").exists()
