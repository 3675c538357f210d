# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mt_transunet.engines.run_folder import lock_folder, set_earlier_run_aside, unlock_folder

HOLD = """
import sys
from pathlib import Path
from mt_transunet.engines.run_folder import lock_folder
lock_folder(Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path):
    """Another process that trains into the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "locked\n"
    yield process
    process.kill()
    process.communicate()


def test_a_folder_that_another_process_trains_into_is_refused(tmp_path, other):
    with pytest.raises(ValueError, match=f"another process is training into {tmp_path}: wait for it, end it, or"):
        lock_folder(tmp_path)


def test_a_killed_process_leaves_the_folder_free(tmp_path, other):
    other.kill()
    other.wait()
    lock_folder(tmp_path)
    unlock_folder(tmp_path)


def test_the_same_process_may_train_there_again(tmp_path):
    lock_folder(tmp_path)
    lock_folder(tmp_path)
    unlock_folder(tmp_path)


def test_a_new_run_puts_aside_what_an_earlier_one_left(tmp_path):
    names = ("model.pt", "model.images.txt", "history.csv", "config.json")
    for name in (*names, "synthetic"):
        (tmp_path / name).write_text(f"earlier {name}")
    set_earlier_run_aside(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"earlier", "synthetic"}
    assert {path.name: path.read_text() for path in (tmp_path / "earlier").iterdir()} == {
        name: f"earlier {name}" for name in names
    }


def test_a_list_of_images_never_lies_beside_weights_that_learned_from_others(tmp_path):
    for folder in (tmp_path, tmp_path / "earlier"):
        folder.mkdir(exist_ok=True)
        (folder / "model.pt").write_text("weights")
    (tmp_path / "earlier" / "model.images.txt").write_text("of the weights before")
    set_earlier_run_aside(tmp_path)
    assert [path.name for path in (tmp_path / "earlier").iterdir()] == ["model.pt"]


def test_the_history_of_a_run_that_left_no_weights_goes(tmp_path):
    (tmp_path / "history.csv").write_text("iteration\n4\n")
    set_earlier_run_aside(tmp_path)
    assert list(tmp_path.iterdir()) == []
