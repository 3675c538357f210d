# SPDX-License-Identifier: Apache-2.0
"""A real browser for pages, where the machine has one."""

from __future__ import annotations

import shutil

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# Nothing but the page under test: no graphics driver, no profile of a person, no calls home.
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 120_000  # milliseconds; machines that train at the same time are slow


@pytest.fixture(scope="session")
def browser():
    """Chromium or Chrome without a window, started once; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e .[dev]")
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip(f"no browser on this machine: none of {', '.join(BROWSERS)} is on the PATH")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=list(ARGUMENTS), timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser):
    """Opens pages in profiles of their own, with the settings of ``Browser.new_context``; closed after the test."""
    contexts = []

    def opened(**settings):
        contexts.append(browser.new_context(**settings))
        contexts[-1].set_default_timeout(PATIENCE)
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()
