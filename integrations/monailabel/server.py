# SPDX-License-Identifier: Apache-2.0
"""A MONAI Label server with one bundle, on this machine alone, for as long as a ``with`` block lasts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests

STOCK = "monaibundle"  # the sample app that serves any bundle
COMPANION = Path(__file__).resolve().parent / "app" / "main.py"
TOOL = (sys.executable, "-m", "monailabel.main")  # what the command monailabel runs, which splits paths at their spaces
STARTING = 180  # seconds; importing torch and MONAI takes most of them
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, a kill, a terminal that is closed


def make_app(bundle: Path, folder: Path, *, companion: bool = False) -> tuple[Path, str]:
    """The stock app in a folder, with a copy of the bundle (a folder or a zip) as its model, each where it is missing.

    Args:
        bundle: folder or zip of ``mt-transunet package``.
        folder: where the app goes.
        companion: the stock app with our two strategies (``app/main.py``) in place of the stock one.

    Returns:
        The app's folder and the model's name.

    Raises:
        ValueError: there is no packaged bundle, or the app's copy has code of another package.
    """
    _require_packaged(bundle)
    app, name = folder / STOCK, bundle.stem
    if not app.is_dir():
        _download(folder)
    model = app / "model" / name
    if model.is_dir() and _code(model) != _code(bundle):
        raise ValueError(
            f"{model} holds other code or configs than {bundle}: move it away; to go on with what was trained there, "
            "copy its models/ into the folder that the next call makes"
        )
    if not model.is_dir():
        unfinished = app / f".unfinished.{name}"
        shutil.rmtree(unfinished, ignore_errors=True)  # of a call that was killed
        if bundle.suffix == ".zip":
            zipfile.ZipFile(bundle).extractall(unfinished)
        else:
            shutil.copytree(bundle, unfinished / name, symlinks=True)
        model.parent.mkdir(exist_ok=True)
        (unfinished / name).rename(model)
        shutil.rmtree(unfinished)
    if companion:
        shutil.copyfile(COMPANION, app / "main.py")
    return app, name


def _require_packaged(bundle: Path) -> None:
    needed = ("configs/metadata.json", "configs/inference.json", "models/model.pt")
    if bundle.is_dir():
        held = {name for name in needed if (bundle / name).is_file()}
    elif zipfile.is_zipfile(bundle):
        names = zipfile.ZipFile(bundle).namelist()
        held = {name for name in needed if f"{bundle.stem}/{name}" in names}
    else:
        held = set()
    if held != set(needed):
        raise ValueError(f"{bundle} is no packaged bundle; write one with mt-transunet package lite OUT")


def _code(bundle: Path) -> dict[str, str]:
    """Hash of every file of code and configs, as the manifest has it, which leaves out code that is links."""
    if bundle.is_dir():
        path = bundle / "manifest.json"
        text = path.read_text() if path.is_file() else "{}"
    else:
        archive, name = zipfile.ZipFile(bundle), f"{bundle.stem}/manifest.json"
        text = archive.read(name).decode() if name in archive.namelist() else "{}"
    return {name: digest for name, digest in json.loads(text).items() if name.startswith(("mt_transunet/", "configs/"))}


def _download(folder: Path) -> None:
    """The stock app comes with the installed package; nothing is fetched."""
    words = ["apps", "--download", "--name", STOCK, "--output", folder]
    done = subprocess.run([*TOOL, *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"MONAI Label did not give its app {STOCK}:\n{done.stdout}{done.stderr}")


def start_command(app: Path, model: str, studies: Path, port: int) -> list[str]:
    """The command that starts the server on this machine alone."""
    options = ["--app", app, "--studies", studies, "--host", "127.0.0.1", "--port", port]
    # without these two, starting asks hosts outside for models
    options += ["--conf", "models", model, "--conf", "zoo_source", "local", "--conf", "sam2", "false"]
    return [*TOOL, "start_server", *map(str, options)]


@contextmanager
def started(app: Path, model: str, studies: Path, port: int, **streams: Any) -> Iterator[subprocess.Popen]:
    """The server's process for as long as the block lasts; nothing of it is left afterwards. In the main thread only.

    Raises:
        KeyboardInterrupt: in the block, by Ctrl-C, a kill, or a terminal that is closed; not by those that were
            ignored before, as nohup has it.
    """
    heard: list[int] = []
    raising = False

    def hear(end: int, _: object) -> None:
        heard.append(end)
        if raising and len(heard) == 1:  # a second one must not break off what the first one has to stop
            raise KeyboardInterrupt

    before = {end: signal.getsignal(end) for end in ENDS if signal.getsignal(end) not in (signal.SIG_IGN, None)}
    for end in before:
        signal.signal(end, hear)
    # a session of its own: with whatever the server starts it is stopped as one group
    server = subprocess.Popen(start_command(app, model, studies, port), start_new_session=True, **streams)
    try:
        raising = True
        if heard:
            raise KeyboardInterrupt
        yield server
    finally:
        raising = False
        stop(server)
        for end, handler in before.items():
            signal.signal(end, handler)


@contextmanager
def running(app: Path, model: str, studies: Path, log: Path) -> Iterator[str]:
    """Start the server and give its address; it is stopped whatever happens in the block.

    Raises:
        RuntimeError: it ended, or did not answer in time; with the end of its log.
        KeyboardInterrupt: as in `started`.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(log, "wb") as stream, started(app, model, studies, port, stdout=stream, stderr=stream) as server:
        address = f"http://127.0.0.1:{port}"
        _wait(server, address, log)
        yield address


def stop(server: subprocess.Popen) -> None:
    """End a server that leads a process group, and whatever it started, which can outlive it."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, how)
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=30)


def _wait(server: subprocess.Popen, address: str, log: Path) -> None:
    for _ in range(STARTING):
        try:
            if requests.get(f"{address}/info/", timeout=10).ok:
                return
        except requests.RequestException:
            pass
        if server.poll() is not None:
            break
        time.sleep(1)
    end = log.read_text(errors="replace")[-2000:]
    raise RuntimeError(f"the server did not answer within {STARTING} seconds; {log} ends with\n{end}")
