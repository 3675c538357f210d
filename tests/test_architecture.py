# SPDX-License-Identifier: Apache-2.0
"""Who may know whom, and how long a file and a function may be."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"mt_transunet": ROOT / "mt_transunet", "mt_transunet.transforms": ROOT / "transforms"}
PARTS = {"transforms", "losses", "networks", "engines", "inferers", "data", "metrics", "reports"}
PARTS |= {"measurements", "quality", "annotation"}
ABOVE = {"app", "commands", "packaging", "shipping"}
"""Packages that use the parts; no part uses them."""
PARTS |= ABOVE
FORBIDDEN = {
    "transforms": PARTS - {"transforms"},
    "losses": PARTS - {"losses"},
    "networks": PARTS - {"networks"},
    "engines": {"networks", "losses", *ABOVE},
    "inferers": {"networks", "losses", *ABOVE},
    "data": {"networks", "losses", "transforms", "engines", *ABOVE},
    "metrics": {"networks", "losses", "transforms", "engines", *ABOVE},
    "measurements": PARTS - {"measurements"},
    "quality": {"networks", "losses", "engines", "inferers", "reports", "data", *ABOVE},
    "annotation": PARTS - {"annotation", "quality", "transforms"},
    "reports": PARTS - {"reports", "metrics", "data", "quality"},
    "app": {"commands", "packaging", "shipping"},
    "packaging": {"app", "commands"},
    "shipping": {"app", "commands", "packaging"},
    "commands": {"app"},
}
LONGEST_FILE, LONGEST_FUNCTION = 250, 50


def modules() -> dict[str, Path]:
    """Dotted name of every module -> its file."""
    found = {}
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            inside = [part for part in path.relative_to(folder).with_suffix("").parts if part != "__init__"]
            found[".".join([package, *inside])] = path
    return found


def imported(name: str, path: Path) -> set[str]:
    """Dotted names that a module imports, at its top or inside a function."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            names |= {source, *(f"{source}.{alias.name}" for alias in node.names)}
    return names


def part_of(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if parts[0] == "mt_transunet" and len(parts) > 1 and parts[1] in PARTS else None


def known_to(name: str) -> set[str]:
    """What a module imports, itself and through modules that belong to no part."""
    files, found, waiting = modules(), set(), [name]
    while waiting:
        new = imported(waiting[0], files[waiting.pop(0)]) - found
        found |= new
        waiting += [target for target in new if part_of(target) is None and target in files]
    return found


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_part_imports_none_of_the_parts_it_must_not_know(part: str) -> None:
    broken = {
        f"{name} imports {target}"
        for name in modules()
        if part_of(name) == part
        for target in known_to(name)
        if part_of(target) in FORBIDDEN[part]
    }
    assert not broken


def test_every_part_of_the_design_has_modules() -> None:
    assert {part_of(name) for name in modules()} - {None} == PARTS


def test_the_import_reader_sees_relative_and_inner_imports(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "def f():\n    from ..networks import weights\n    import mt_transunet.losses\n    from . import b\n"
    )
    assert {part_of(name) for name in imported("mt_transunet.engines.module", path)} == {
        "networks",
        "losses",
        "engines",
    }


def test_nobody_imports_transforms_by_its_folder_name() -> None:
    scripts = {
        f"script.{path.stem}": path
        for folder in ("tests", "benchmarks", "integrations")
        for path in (ROOT / folder).rglob("*.py")
    }
    broken = [
        path
        for name, path in {**modules(), **scripts}.items()
        if any(target.split(".")[0] == "transforms" for target in imported(name, path))
    ]
    assert not broken


def test_no_file_is_longer_than_250_lines() -> None:
    scripts = (path for folder in ("tests", "benchmarks", "integrations") for path in (ROOT / folder).rglob("*.py"))
    files = [*modules().values(), *scripts]
    lengths = {str(path): len(path.read_text().splitlines()) for path in files}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_50_lines() -> None:
    long = {}
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long[f"{name}.{node.name}"] = length
    assert long == {}


def test_only_the_command_line_prints() -> None:
    printing = {
        name
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert {part_of(name) for name in printing} <= {None, "commands"}


def test_every_source_file_names_its_licence() -> None:
    folders = ("tests", "benchmarks", "integrations")
    files = [*modules().values(), *(path for folder in folders for path in (ROOT / folder).rglob("*.py"))]
    assert [path for path in files if not path.read_text().startswith("# SPDX-License-Identifier: Apache-2.0\n")] == []


def test_no_module_is_called_utils_helpers_or_common() -> None:
    assert [path for path in modules().values() if path.stem in ("utils", "helpers", "common")] == []
