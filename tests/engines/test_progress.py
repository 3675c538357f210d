# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io

import pytest
import torch
from ignite.engine import Engine
from monai.engines import Evaluator

from mt_transunet.engines import Progress


class Loss:
    parts: dict[str, torch.Tensor] = {}


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Judge(Evaluator):
    def _iteration(self, engine, batchdata):
        return {}


def run(stream, *, max_epochs=1, desc="epoch", batches=(1, 2)):
    loss = Loss()

    def step(engine, value):
        loss.parts = {"mask": torch.tensor(float(value)), "loss": torch.tensor(2.0 * value)}

    engine = Engine(step)
    progress = Progress(desc, loss=loss, batch_size=3, stream=stream)
    progress.tqdm_kwargs |= {"mininterval": 0.0, "ncols": 100}
    progress.attach(engine)
    engine.run(list(batches), max_epochs=max_epochs)
    return stream.getvalue()


@pytest.fixture
def lines(caplog):
    caplog.set_level("INFO", logger="mt_transunet.engines.progress")
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_terminal_gets_a_bar_with_epoch_images_parts_and_speed(lines):
    shown = run(Terminal(), max_epochs=2)
    last = [line for line in shown.split("\r") if "loss=4" in line][-1]
    assert "epoch [2/2]" in last and "[6/6]" in last and "mask=2" in last and "images/s" in last
    assert lines() == []


def test_a_log_gets_one_line_at_the_end_of_each_short_epoch(lines):
    assert run(io.StringIO(), max_epochs=2) == ""
    first, second = lines()
    assert first.startswith("epoch 1 of 2: 6 of 6 images, ") and first.endswith(", 00:00 left, mask 2, loss 4")
    assert second.startswith("epoch 2 of 2: 6 of 6 images, ")


def test_a_validation_after_the_third_epoch_counts_its_own_images(lines):
    evaluator = Judge(torch.device("cpu"), [torch.zeros(1)] * 2)
    Progress("validation", stream=io.StringIO()).attach(evaluator)
    evaluator.run(3)
    assert [line.split(", ")[0] for line in lines()] == ["validation: 2 of 2 images"]


def test_a_long_epoch_gets_a_line_every_half_minute(lines, monkeypatch):
    # the epoch starts at 0 s and its four iterations of 3 images end at 20, 40, 50 and 80 s
    clock = iter([0.0, 20.0, 40.0, 50.0, 80.0])
    monkeypatch.setattr("mt_transunet.engines.progress.time.monotonic", lambda: next(clock))
    run(io.StringIO(), desc="images", batches=(1, 2, 3, 4))
    assert lines() == [
        # two iterations in 40 s: 6 images, 0.15 a second, and two more to come
        "images: 6 of 12 images, 0.15 images/s, 00:40 left, mask 2, loss 4",
        "images: 12 of 12 images, 0.15 images/s, 00:00 left, mask 4, loss 8",
    ]


def test_a_stream_of_unknown_length_is_counted_all_the_same(lines, monkeypatch):
    clock = iter([0.0, 10.0, 40.0])
    monkeypatch.setattr("mt_transunet.engines.progress.time.monotonic", lambda: next(clock))
    engine = Engine(lambda *_: None)
    Progress("images", stream=io.StringIO()).attach(engine)
    engine.run(iter([1, 2]), max_iters=2)
    assert lines()[0].startswith("images: 2 ")
