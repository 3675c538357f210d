# SPDX-License-Identifier: Apache-2.0
"""The server of ``integrations/monailabel`` ends with the script that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("requests", reason="the scripts of integrations/monailabel talk to the server with requests")
MONAILABEL = Path(__file__).resolve().parents[2] / "integrations/monailabel"

SCRIPT = """
import pathlib, signal, sys, server
for end in server.ENDS:
    signal.signal(end, signal.SIG_DFL)  # what starts the tests may have them ignored, as shells do in the background
sleeper = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(120)"]
server.start_command = lambda *told: sleeper
here = pathlib.Path(".")
with server.started(here, "model", here, 1) as process:
    print(process.pid, flush=True)
    process.wait()
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda end: end.name)
def test_nothing_of_the_server_is_left_when_its_script_is_ended(end):
    script = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], cwd=MONAILABEL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    said = {script.stdout.readline().strip() for _ in range(2)}  # the server's number and that it is up, in any order
    (number,) = said - {"up"}
    script.send_signal(end)
    _, complaint = script.communicate(timeout=60)
    assert "KeyboardInterrupt" in complaint
    with pytest.raises(ProcessLookupError):
        os.kill(int(number), 0)
