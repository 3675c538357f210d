# SPDX-License-Identifier: Apache-2.0
"""A MONAI Label server with one bundle, on this machine alone, for as long as a ``with`` block lasts."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

STOCK = "monaibundle"  # the sample app that serves any bundle
STARTING = 180  # seconds; importing torch and MONAI takes most of them


def make_app(bundle: Path, folder: Path) -> tuple[Path, str]:
    """The stock app in a new folder, with a copy of the bundle (a folder or a zip) as its model.

    Returns:
        The app's folder and the model's name.
    """
    subprocess.run(
        [_tool("monailabel"), "apps", "--download", "--name", STOCK, "--output", folder],
        check=True,
        capture_output=True,
        env=tool_environment(),
    )
    models = folder / STOCK / "model"
    if bundle.suffix == ".zip":
        zipfile.ZipFile(bundle).extractall(models)
        return folder / STOCK, bundle.stem
    shutil.copytree(bundle, models / bundle.name, symlinks=True)
    return folder / STOCK, bundle.name


def start_command(app: Path, model: str, studies: Path, port: int) -> list[str]:
    """The command that starts the server, to be run with :func:`tool_environment`."""
    options = ["--app", app, "--studies", studies, "--host", "127.0.0.1", "--port", port]
    # without these two, starting asks hosts outside for models
    options += ["--conf", "models", model, "--conf", "zoo_source", "local", "--conf", "sam2", "false"]
    return [str(word) for word in [_tool("monailabel"), "start_server", *options]]


@contextmanager
def running(app: Path, model: str, studies: Path, log: Path) -> Iterator[str]:
    """Start the server and give its address; it is stopped whatever happens in the block.

    Raises:
        RuntimeError: it ended, or did not answer in time; with the end of its log.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(log, "wb") as stream:
        server = subprocess.Popen(
            start_command(app, model, studies, port),
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=tool_environment(),
            start_new_session=True,  # the command starts the server as a child: both are stopped as one group
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(server, address, log)
        yield address
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=30)


def _wait(server: subprocess.Popen, address: str, log: Path) -> None:
    for _ in range(STARTING):
        try:
            if requests.get(f"{address}/info/", timeout=10).ok:
                return
        except requests.ConnectionError:
            pass
        if server.poll() is not None:
            break
        time.sleep(1)
    end = log.read_text(errors="replace")[-2000:]
    raise RuntimeError(f"the server did not answer within {STARTING} seconds; {log} ends with\n{end}")


def _tool(name: str) -> Path:
    return Path(sys.executable).parent / name


def tool_environment() -> dict[str, str]:
    """MONAI Label's command runs ``python`` from the PATH: that must be this one."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
