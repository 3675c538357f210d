# SPDX-License-Identifier: Apache-2.0
"""No command a person may copy from the documents is stale."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
from pathlib import Path

import pytest
from monai.bundle import ConfigParser

from mt_transunet.cli import _parser
from mt_transunet.overrides import _paths, flags, parse_command

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "bundle" / "docs").glob("*.md"))]
BLOCKS = [
    (document.name, language, block)
    for document in DOCUMENTS
    for language, block in re.findall(r"```(\w*)\n(.*?)```", document.read_text(), flags=re.S)
]
COMMANDS = [
    shlex.split(line.split("#")[0] if "'" not in line else line)
    for _, language, block in BLOCKS
    if language != "python"
    for line in block.splitlines()
    if line.strip()
]
BUNDLE = [command for command in COMMANDS if "monai.bundle" in command and "run" in command]
OWN = [command for command in COMMANDS if command[0] == "mt-transunet"]
MAKE = [command for command in COMMANDS if command[0] == "make"]


def test_the_readme_shows_each_kind_of_command():
    assert len(BUNDLE) >= 4 and len(OWN) >= 2 and len(MAKE) >= 1


@pytest.mark.parametrize("command", BUNDLE, ids=" ".join)
def test_bundle_commands_name_existing_files_ids_and_keys(command, monkeypatch):
    monkeypatch.chdir(ROOT if any("bundle/configs" in word for word in command) else ROOT / "bundle")
    words = command[command.index("monai.bundle") + 1 :]
    parsed = parse_command(["site-packages/monai/bundle/__main__.py", *words])
    config = ConfigParser.load_config_files(list(parsed.config_files))
    assert words[0] == "run" and words[1] in config
    assert set(parsed.overrides) <= _paths(config)


@pytest.mark.parametrize("command", OWN, ids=" ".join)
def test_own_commands_parse(command):
    arguments, further = _parser().parse_known_args(command[1:])
    assert callable(arguments.verb)
    assert not further or arguments.takes_overrides
    assert set(flags(further)) <= _paths(ConfigParser.load_config_file(ROOT / "bundle/configs/train.json"))


@pytest.mark.parametrize("command", MAKE, ids=" ".join)
def test_make_targets_exist(command):
    assert re.search(rf"^{command[1]}:", (ROOT / "Makefile").read_text(), flags=re.M)


@pytest.mark.parametrize(
    ("page", "configs"),
    [("training", ["train"]), ("evaluation", ["train", "evaluate"]), ("inference", ["inference"])],
)
def test_keys_of_the_tables_of_a_page_stand_in_its_configs(page, configs):
    rows = [row for row in (ROOT / "bundle/docs" / f"{page}.md").read_text().splitlines() if row.startswith("| `--")]
    keys = {key.replace("#", "::") for row in rows for key in re.findall(r"--([\w#]+)", row)}
    assert len(keys) > 6
    assert keys <= _paths(
        ConfigParser.load_config_files([str(ROOT / f"bundle/configs/{name}.json") for name in configs])
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings(document):
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", document.read_text()):
        page = document.parent / target if target else document
        assert page.is_file(), target
        headings = re.findall(r"^#+ (.*)$", page.read_text(), flags=re.M) if anchor else []
        assert not anchor or anchor in {re.sub(r"[^\w -]", "", name).lower().replace(" ", "-") for name in headings}


@pytest.mark.parametrize("block", [block for _, language, block in BLOCKS if language == "python"])
def test_python_blocks_import_what_exists(block):
    imports = [node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.ImportFrom)]
    assert imports
    for node in imports:
        for name in node.names:
            assert hasattr(importlib.import_module(node.module), name.name)


def test_folders_of_the_readme_exist():
    table = (ROOT / "README.md").read_text().split("## Find your way")[1].split("\n\n")[1]
    named = [name for row in table.splitlines()[2:] for name in re.findall(r"`([\w/]+)`", row.split("|")[1])]
    assert len(named) >= 10
    for name in named:
        assert (ROOT / name).is_dir() or (ROOT / "mt_transunet" / name).is_dir(), name


def test_the_bundles_own_page_names_all_others():
    pages = (ROOT / "bundle" / "docs").glob("*.md")
    text = (ROOT / "bundle" / "docs" / "README.md").read_text().split("## Pages")[1]
    assert [page.name for page in pages if f"`{page.name}`" not in text and page.name != "README.md"] == []


def test_every_script_that_a_page_names_is_there():
    text = "".join(page.read_text() for page in [*DOCUMENTS, ROOT / "Makefile"])
    named = set(re.findall(r"benchmarks/[\w/]+\.py", text))
    assert len(named) > 5 and [name for name in sorted(named) if not (ROOT / name).is_file()] == []
