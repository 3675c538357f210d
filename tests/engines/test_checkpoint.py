# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv

import pytest
import torch
from ignite.engine import Engine, Events

from mt_transunet.engines import RunCheckpoint, TimeBudget

UNTIL = 13  # 5 + 5 + 3: the third epoch is cut


def finished(folder):
    """Everything a run leaves that may not depend on when it was killed."""
    content = torch.load(folder / "checkpoint.pt", weights_only=True)
    model = torch.load(folder / "model.pt", weights_only=True)
    rows = list(csv.DictReader((folder / "history.csv").open()))
    machine = ("seconds", "images_per_second", "peak_memory_gib")
    timeless = [{k: v for k, v in row.items() if k not in machine} for row in rows]
    content["objects"].pop("history")
    return {"checkpoint": content, "model": model, "rows": timeless}


def equal(one, other):
    if torch.is_tensor(one):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other


@pytest.mark.parametrize("kill_at", [1, 2, 3, 5, 6, 8, 10, 12, 13])
def test_a_run_killed_after_any_iteration_ends_bit_for_bit_like_one_left_alone(tmp_path, run_in, kill_at):
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    run_in(alone).trainer.run()
    with pytest.raises(run_in.killed):
        run_in(killed, kill_at=kill_at).trainer.run()
    torch.rand(7)  # what happened in between does not matter
    run_in(killed).trainer.run()
    assert equal(finished(killed), finished(alone))
    assert finished(alone)["checkpoint"]["iteration"] == UNTIL


@pytest.mark.parametrize("minutes", [1, 2, 3, 4, 5, 7])
def test_a_run_stopped_by_its_time_budget_again_and_again_ends_bit_for_bit_too(tmp_path, run_in, minutes):
    alone, stopped, stops = tmp_path / "alone", tmp_path / "stopped", []
    run_in(alone).trainer.run()
    while stops[-1:] != [UNTIL]:
        run = run_in(stopped, save_interval=100)
        clock = lambda trainer=run.trainer: 60 * trainer.state.iteration  # noqa: E731
        TimeBudget(minutes, max_iterations=UNTIL, clock=clock).attach(run.trainer)
        run.trainer.run()
        torch.rand(7)  # what happens in between does not matter
        stops.append(run.trainer.state.iteration)
    assert stops == [*range(minutes, UNTIL, minutes), UNTIL]
    assert equal(finished(stopped), finished(alone))


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_a_run_killed_between_validation_and_checkpoint_ends_the_same_too(tmp_path, run_in, epoch):
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    scores = [0.0, 0.7, 0.9, 0.8]
    run_in(alone, score=scores.__getitem__).trainer.run()
    with pytest.raises(run_in.killed):
        run_in(killed, score=scores.__getitem__, kill_before_checkpoint=epoch).trainer.run()
    run_in(killed, score=scores.__getitem__).trainer.run()
    assert equal(finished(killed), finished(alone))
    assert finished(killed)["checkpoint"]["best"] == {"metric": pytest.approx(0.9), "epoch": 2}


def test_a_complete_run_started_again_does_nothing(tmp_path, run_in):
    run_in(tmp_path).trainer.run()
    before = finished(tmp_path)
    again = run_in(tmp_path)
    again.trainer.add_event_handler(Events.ITERATION_STARTED, lambda: pytest.fail("it trained on"))
    again.trainer.run()
    assert equal(finished(tmp_path), before) and again.evaluator.state.best_metric == 3.0


def test_a_longer_run_goes_on_from_a_shorter_one(tmp_path, run_in):
    run_in(tmp_path, max_iterations=8).trainer.run()
    run_in(tmp_path, max_iterations=15).trainer.run()
    assert [row["iteration"] for row in finished(tmp_path)["rows"]] == ["5", "8", "10", "15"]


def test_nothing_is_written_between_the_last_iteration_of_an_epoch_and_its_validation(tmp_path, run_in, monkeypatch):
    written = []
    monkeypatch.setattr(RunCheckpoint, "save", lambda self, e: written.append((e.state.iteration, self._validated())))
    monkeypatch.setattr(RunCheckpoint, "_validated", lambda self: self.evaluator.state.epoch, raising=False)
    run_in(tmp_path, save_interval=1).trainer.run()
    # (iteration, last epoch validated): 5, 10 and 13 once each, with their validation done
    within = [(1, 0), (2, 0), (3, 0), (4, 0), (6, 1), (7, 1), (8, 1), (9, 1), (11, 2), (12, 2)]
    assert written == sorted([*within, (5, 1), (10, 2), (13, 3)])


def test_without_resume_the_run_starts_anew(tmp_path, run_in):
    run_in(tmp_path, max_iterations=5).trainer.run()
    anew = run_in(tmp_path, max_iterations=5, resume=False)
    anew.trainer.add_event_handler(Events.ITERATION_STARTED, lambda engine: seen.append(engine.state.iteration))
    seen = []
    anew.trainer.run()
    assert seen == [1, 2, 3, 4, 5]


def test_a_run_that_starts_anew_and_is_killed_before_its_first_checkpoint_is_not_the_old_one(tmp_path, run_in):
    run_in(tmp_path, max_iterations=5).trainer.run()
    with pytest.raises(run_in.killed):
        run_in(tmp_path, resume=False, kill_at=1).trainer.run()
    again, seen = run_in(tmp_path, max_iterations=5), []
    again.trainer.add_event_handler(Events.ITERATION_STARTED, lambda engine: seen.append(engine.state.iteration))
    again.trainer.run()
    assert seen == [1, 2, 3, 4, 5]


def test_of_several_processes_only_the_one_that_writes_removes(tmp_path, run_in):
    run_in(tmp_path, max_iterations=5).trainer.run()
    with pytest.raises(run_in.killed):
        run_in(tmp_path, resume=False, writes=False, kill_at=1).trainer.run()
    assert (tmp_path / "checkpoint.pt").is_file()


def test_another_run_s_checkpoint_is_refused_with_what_differs(tmp_path, run_in):
    run_in(tmp_path, max_iterations=5).trainer.run()
    other = run_in(tmp_path, identity={"variant": "paper", "seed": 0})
    message = (
        r"checkpoint.pt belongs to another run \(variant 'toy' there, 'paper' now\): name another --output_dir, or"
    )
    with pytest.raises(ValueError, match=message):
        other.trainer.run()


def test_hashes_that_differ_are_told_by_their_first_digits(tmp_path, run_in):
    run_in(tmp_path, max_iterations=5, identity={"ids": {"training": "ab" * 32}}).trainer.run()
    message = r"\(ids \{'training': 'abababababab...'\} there, \{'training': 'cdcdcdcdcdcd...'\} now\)"
    with pytest.raises(ValueError, match=message):
        run_in(tmp_path, identity={"ids": {"training": "cd" * 32}}).trainer.run()


def test_a_run_that_is_longer_than_what_is_asked_for_is_refused(tmp_path, run_in):
    run_in(tmp_path, max_iterations=5).trainer.run()
    with pytest.raises(ValueError, match="is of 5 iterations, more than the 4 asked for; name another --output_dir"):
        run_in(tmp_path, max_iterations=4).trainer.run()


def test_other_data_is_another_run(tmp_path, run_in):
    run = run_in(tmp_path, max_iterations=5)
    run.trainer.run()
    content = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    content["identity"]["iterations_per_epoch"] = 9
    torch.save(content, tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match=r"\(iterations_per_epoch 9 there, 5 now\)"):
        run_in(tmp_path).trainer.run()


def test_a_checkpoint_whose_parts_do_not_fit_names_the_part(tmp_path, run_in):
    run_in(tmp_path, max_iterations=5, decay=None).trainer.run()
    with pytest.raises(ValueError, match="its averaging does not fit this run .*name another --output_dir"):
        run_in(tmp_path).trainer.run()


@pytest.mark.parametrize("content", [b"", b"text", "cut", "plain"])
def test_a_damaged_file_is_refused(tmp_path, run_in, content):
    run_in(tmp_path, max_iterations=5).trainer.run()
    path = tmp_path / "checkpoint.pt"
    if content == "plain":
        torch.save({"weight": torch.ones(1)}, path)
    else:
        path.write_bytes(path.read_bytes()[:500] if content == "cut" else content)
    with pytest.raises(ValueError, match="checkpoint.pt is no training checkpoint of this bundle: remove it to start"):
        run_in(tmp_path).trainer.run()


@pytest.mark.parametrize(
    "error, reason",
    [
        (OSError(5, "Input/output error"), "Input/output error"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (MemoryError(), "Cannot allocate memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "Cannot allocate memory"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason_and_not_to_be_removed(
    tmp_path, run_in, monkeypatch, error, reason
):
    run_in(tmp_path, max_iterations=5).trainer.run()

    def fails(*_, **__):
        raise error

    monkeypatch.setattr(torch, "load", fails)
    with pytest.raises(OSError, match=f"{reason}; the run goes on from this checkpoint once .*checkpoint.pt") as raised:
        run_in(tmp_path).trainer.run()
    assert "remove" not in str(raised.value)


def test_a_run_without_validation_has_no_best_figure(tmp_path):
    network = torch.nn.Linear(1, 1)
    options = {"objects": {"network": network}, "identity": {}, "max_iterations": 4}
    engine = Engine(lambda *_: torch.nn.init.ones_(network.weight))
    RunCheckpoint(tmp_path / "c.pt", **options).attach(engine)
    engine.run(range(2), max_epochs=2)
    assert "best" not in torch.load(tmp_path / "c.pt", weights_only=True)
    torch.nn.init.zeros_(network.weight)
    RunCheckpoint(tmp_path / "c.pt", **options).load(engine)
    assert network.weight.item() == 1.0 and engine.state.iteration == 4 and engine.state.epoch == 2


def test_early_stopping_ends_the_run_and_started_again_it_stays_ended(tmp_path, run_in):
    falling = [9, 0.9, 0.8, 0.7, 0.6, 0.5].__getitem__
    run = run_in(tmp_path, max_iterations=25, patience=2, score=falling)
    run.trainer.run()
    assert run.trainer.state.iteration == 15  # two epochs without a better figure after the first
    before = finished(tmp_path)
    run_in(tmp_path, max_iterations=25, patience=2, score=falling).trainer.run()
    assert equal(finished(tmp_path), before)
    more = run_in(tmp_path, max_iterations=25, patience=3, score=falling)
    more.trainer.run()
    assert more.trainer.state.iteration == 20
