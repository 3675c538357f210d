# SPDX-License-Identifier: Apache-2.0
"""What ``pip install`` of this repository brings along."""

from __future__ import annotations

import configparser
import fnmatch
import importlib
import json
import re
from importlib import metadata
from pathlib import Path

import pytest

import mt_transunet

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def listed(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def package_folders() -> dict[str, Path]:
    """Every importable package of the source tree -> its folder."""
    found = {}
    for start, prefix in ((ROOT / "mt_transunet", "mt_transunet"), (ROOT / "transforms", "mt_transunet.transforms")):
        for init in start.rglob("__init__.py"):
            found[".".join([prefix, *init.parent.relative_to(start).parts])] = init.parent
    return found


def test_every_package_is_listed(setup: configparser.ConfigParser) -> None:
    assert sorted(listed(setup["options"]["packages"])) == sorted(package_folders())


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for start in ("mt_transunet", "transforms") for path in (ROOT / start).rglob("*.py")}
    assert folders == set(package_folders().values())


def test_every_file_that_is_no_module_is_package_data(setup: configparser.ConfigParser) -> None:
    patterns = {name: listed(value.replace(",", "\n")) for name, value in setup["options.package_data"].items()}
    missing = [
        path
        for name, folder in package_folders().items()
        for path in folder.iterdir()
        if path.is_file() and path.suffix not in (".py", ".pyc")
        if not any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns.get(name, []) + patterns.get("", []))
    ]
    assert not missing


def test_one_version_is_said_everywhere(setup: configparser.ConfigParser) -> None:
    bundle = json.loads((ROOT / "bundle" / "configs" / "metadata.json").read_text())
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    said = {setup["metadata"]["version"], bundle["version"], next(iter(bundle["changelog"])), mt_transunet.__version__}
    assert cited and said == {cited[1]}


def test_transforms_is_imported_from_its_own_folder(setup: configparser.ConfigParser) -> None:
    assert "mt_transunet.transforms = transforms" in listed(setup["options"]["package_dir"])
    module = importlib.import_module("mt_transunet.transforms")
    assert module.__file__ is not None and Path(module.__file__).is_file()


def test_the_console_script_resolves(setup: configparser.ConfigParser) -> None:
    scripts = dict(
        line.replace(" ", "").split("=") for line in listed(setup["options.entry_points"]["console_scripts"])
    )
    module, _, function = scripts["mt-transunet"].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_the_version_is_the_same_everywhere(setup: configparser.ConfigParser) -> None:
    package = importlib.import_module("mt_transunet")
    assert package.__version__ == setup["metadata"]["version"] == metadata.version("mt-transunet")


def test_the_constraints_pin_the_versions_the_bundle_names() -> None:
    import json

    named = json.loads((ROOT / "bundle" / "configs" / "metadata.json").read_text())
    path = ROOT / "constraints.txt"
    pins = dict(line.split("==") for line in listed(path.read_text()) if "==" in line and not line.startswith("#"))
    versions = {"torch": "pytorch_version", "monai": "monai_version", "numpy": "numpy_version"}
    assert {name: pins.get(name) for name in versions} == {name: named[key] for name, key in versions.items()}
