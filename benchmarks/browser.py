# SPDX-License-Identifier: Apache-2.0
"""The browser of this machine, without a window."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def browser() -> Iterator[Browser]:
    """Started here, ended with the block.

    Raises:
        SystemExit: none is installed.
    """
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        raise SystemExit(f"no browser: none of {', '.join(NAMES)} is on the PATH")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=executable, args=["--headless=new", "--no-sandbox"])
        yield started
        started.close()
