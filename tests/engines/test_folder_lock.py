# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ignite.engine import Engine

from mt_transunet.engines import EvaluationWriter, PredictionWriter
from mt_transunet.engines.folder_lock import lock_folder, lock_while_running, unlock_folder

UNUSED = dict.fromkeys(("saving", "names", "journal", "findings"))
HOLD = """
import sys
from pathlib import Path
from mt_transunet.engines.folder_lock import lock_folder
lock_folder(Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path):
    """Another process that writes to the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "locked\n"
    yield process
    process.kill()
    process.communicate()


def test_a_folder_that_another_process_writes_to_is_refused(tmp_path, other):
    with pytest.raises(ValueError, match=f"another process is writing to {tmp_path}: wait for it, end it, or"):
        lock_folder(tmp_path)


def test_a_killed_process_leaves_the_folder_free(tmp_path, other):
    other.kill()
    other.wait()
    lock_folder(tmp_path)
    unlock_folder(tmp_path)


def test_a_worker_that_outlives_its_run_does_not_keep_the_folder(tmp_path):
    lock_folder(tmp_path)
    waits, says = os.pipe()
    if not (worker := os.fork()):  # as the data loader's workers are
        os.close(says)
        os.read(waits, 1)
        os._exit(0)
    unlock_folder(tmp_path)
    kept = taken_by_another(tmp_path)
    os.close(says)
    os.waitpid(worker, 0)
    assert not kept


def taken_by_another(folder: Path) -> bool:
    tried = subprocess.run([sys.executable, "-c", HOLD, folder], stdin=subprocess.DEVNULL, capture_output=True)
    return tried.returncode != 0


def test_a_folder_is_free_when_its_last_owner_has_let_go(tmp_path):
    lock_folder(tmp_path, "training")
    lock_folder(tmp_path / "x" / "..", "evaluation")  # the same folder
    unlock_folder(tmp_path, "evaluation")
    assert taken_by_another(tmp_path)
    unlock_folder(tmp_path, "training")
    assert not taken_by_another(tmp_path)


def test_an_error_that_ends_the_engine_frees_the_folder_and_is_raised(tmp_path):
    def fail(engine, image):
        assert taken_by_another(tmp_path)
        raise MemoryError("too large")

    engine = Engine(fail)
    lock_while_running(engine, tmp_path, owner="evaluation")
    with pytest.raises(MemoryError, match="too large"):
        engine.run(["image"])
    assert not taken_by_another(tmp_path)


@pytest.mark.parametrize("writer", [EvaluationWriter, PredictionWriter])
def test_evaluation_and_inference_stop_before_the_first_image_where_another_process_writes(tmp_path, other, writer):
    seen = []
    engine = Engine(lambda engine, image: seen.append(image))
    unused = {"metric": None, "protocol": {}} if writer is EvaluationWriter else UNUSED
    writer(tmp_path, **unused).attach(engine)
    with pytest.raises(ValueError, match="another process is writing to"):
        engine.run(["image"])
    assert seen == []
