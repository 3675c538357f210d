# SPDX-License-Identifier: Apache-2.0
"""A real browser, photographs as DICOM, a Python that does not know the package, and the scripts of ``benchmarks``."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sysconfig
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
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


@pytest.fixture(scope="session")
def write_dicom() -> Callable[..., Path]:
    """``write_dicom(path, pixels, PatientID="7")``: a photograph of array or bytes, and what else its header says.

    An array (H, W, 3) is RGB, (H, W) is grey; ``None`` leaves an attribute out.
    """
    pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed: pip install -e .[dicom]")

    def write(path: Path, pixels: np.ndarray | bytes, *, syntax: str = "ExplicitVRLittleEndian", **header) -> Path:
        data, given = pydicom.Dataset(), {}
        if isinstance(pixels, np.ndarray):
            bits, colour = 8 * pixels.itemsize, pixels.ndim == 3
            given = {"Rows": pixels.shape[0], "Columns": pixels.shape[1], "PixelData": pixels.tobytes()}
            given |= {"SamplesPerPixel": 3 if colour else 1, "PlanarConfiguration": 0 if colour else None}
            given |= {"PhotometricInterpretation": "RGB" if colour else "MONOCHROME2"}
            given |= {"BitsAllocated": bits, "BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": 0}
        else:
            given = {"PixelData": pixels, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0}
        given |= {"SOPClassUID": pydicom.uid.UID("1.2.840.10008.5.1.4.1.1.77.1.7"), "SOPInstanceUID": "1.2.3.4.5"}
        given |= {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4", "Modality": "XC", **header}
        for keyword, value in given.items():
            if value is not None:
                setattr(data, keyword, value)
        if len(given.get("PixelData") or b"") % 2:
            data.PixelData += b"\0"
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = getattr(pydicom.uid, syntax)
        data.save_as(path, enforce_file_format=True)
        return path

    return write


@pytest.fixture(scope="session")
def foreign_python() -> Callable[[Path], Callable[..., str]]:
    """``foreign_python(folder)`` makes an environment there with the requirements, but not the package.

    What it returns runs that Python in the folder, with the words of a command line, and returns what was printed.
    """

    def made(folder: Path) -> Callable[..., str]:
        venv.create(folder / "python", with_pip=False)
        site = next((folder / "python").glob("lib/python*/site-packages"))
        # the requirements; a path that is added so runs no .pth file, and with it no editable install
        (site / "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n")
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"}

        def run(*words: object) -> str:
            command = [folder / "python" / "bin" / "python", *map(str, words)]
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        return run

    return made


@pytest.fixture(scope="session")
def benchmark_module() -> Iterator[Callable[[str], ModuleType]]:
    """``benchmark_module("name")`` imports ``benchmarks/name.py``, which may import its neighbours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield importlib.import_module
