# SPDX-License-Identifier: Apache-2.0
"""Serving the page to this machine alone, and leaving nothing of what was dropped on it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from ..analysis import Analyser
from .answers import answer
from .examples import write_examples
from .words import footer_html

__all__ = ["HOST", "run_app", "serving"]

HOST = "127.0.0.1"


def run_app(
    *, weights: str = "lite", views: str = "fast", port: int = 7860, ready: Callable[[str], object] = lambda _: None
) -> None:
    """Serve the page until Ctrl-C, or until the program is asked to end; then everything it was given is deleted.

    Args:
        weights, views, port: as ``serving``.
        ready: called with the page's address once it can be opened.

    Raises:
        as ``serving``.
    """
    for name in ("SIGTERM", "SIGHUP"):  # as Ctrl-C, for otherwise the uploads would stay; Windows has no SIGHUP
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), serving(weights=weights, views=views, port=port) as address:
        ready(address)
        threading.Event().wait()


@contextlib.contextmanager
def serving(*, weights: str = "lite", views: str = "fast", port: int = 7860) -> Iterator[str]:
    """The address of the page, which is served as long as the context is open.

    Args:
        weights, views: as ``Analyser``.
        port: to listen on, at 127.0.0.1.

    Raises:
        ImportError: gradio is not installed.
        OSError: the port is taken.
        ValueError: no such weights, or unknown views.
    """
    _require_free(port)
    with tempfile.TemporaryDirectory(prefix="mt-transunet-") as folder, _quiet_gradio(folder):
        from .page import build_page, launch  # imports gradio, which reads the environment then

        analyser = Analyser(weights, views=views)
        ask = partial(answer, analyser, folder=folder, calibrated=analyser.calibrated)
        page = build_page(ask, write_examples(Path(folder)), footer=footer_html(weights, views))
        try:
            yield launch(page, host=HOST, port=port)
        finally:
            page.close(verbose=False)


def _require_free(port: int) -> None:
    """Say what to do about a port that cannot be listened on, before the weights are loaded."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise OSError(
                f"port {port} of {HOST} cannot be listened on ({reason}); give another with --port, such as "
                f"--port {port + 1 if 1024 <= port < 65535 else 7861}, or stop what listens there"
            ) from error


@contextlib.contextmanager
def _quiet_gradio(folder: str) -> Iterator[None]:
    """An environment in which gradio asks nobody, and keeps uploads in ``folder``."""
    # It asks its own server whether it runs, which is no business of a proxy.
    direct = ",".join(filter(None, (os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), HOST)))
    settings = {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": folder, "HF_HUB_OFFLINE": "1"}
    settings |= {"no_proxy": direct, "NO_PROXY": direct}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
