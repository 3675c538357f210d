# SPDX-License-Identifier: Apache-2.0
"""The bundle's configs as a packaged bundle needs them: one variant, and code that lies beside the configs.

MONAI evaluates a config's imports before anything else of it, so that no expression can tell Python in time where the
bundle's own code lies. A packaged config therefore imports that code by expressions, which ask for the folder first.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["PACKAGE", "module_aliases", "vendored"]

PACKAGE = "mt_transunet"

# MONAI tells a config neither its file nor its folder. The workflow that reads it knows, and stands on the stack while
# its config is evaluated, whichever way it was started: on the command line, from Python, by bundle.load. Commands
# without a workflow (ckpt_export, ...) are given --bundle_root, or run in it.
_BUNDLE_ROOT = (
    "$next((str(frame[0].f_locals['self'].config_root_path.resolve().parent) for frame in inspect.stack(0) "
    "if isinstance(frame[0].f_locals.get('self'), monai.bundle.ConfigWorkflow)), '.')"
)
_OWN = {"code_path": "$sys.path.insert(0, os.path.abspath(@bundle_root))"}
_IMPORTS = ["$import sys", "$import os", "$import inspect", "$import pkgutil"]


def module_aliases(config: Mapping[str, Any]) -> dict[str, str]:
    """Name in expressions -> module of this package, of the imports of a config.

    Raises:
        ValueError: an import of this package in another form than ``import module as name``.
    """
    aliases = {}
    for statement in config.get("imports", ()):
        node = ast.parse(statement.removeprefix("$")).body[0]
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            raise ValueError(f"{statement!r} cannot be packaged; write import module as name")
        if isinstance(node, ast.Import) and node.names[0].name.split(".")[0] == PACKAGE:
            aliases[node.names[0].asname or node.names[0].name] = node.names[0].name
    return aliases


def vendored(config: Mapping[str, Any], *, variant: str, aliases: Mapping[str, str]) -> dict[str, Any]:
    """A config, or an overlay on one, that finds code and weights in its own bundle.

    Args:
        config: as it stands in the source tree.
        variant: that the bundle is of.
        aliases: :func:`module_aliases` of the config, or of those an overlay is laid on.
    """
    made = {key: _vendored(value, aliases) for key, value in config.items() if key not in ("imports", "bundle_root")}
    if "weights" in made:
        made["weights"] = "$@bundle_root + '/models/model.pt'"
    if "variant" not in made:
        return made
    others = [line for line in config["imports"] if not _imports_own(line)]
    code = {name: f"$[@code_path, pkgutil.resolve_name('{module}')][1]" for name, module in aliases.items()}
    head = {"imports": list(dict.fromkeys([*_IMPORTS, *others])), "variant": variant, "bundle_root": _BUNDLE_ROOT}
    return {**head, **{key: value for key, value in made.items() if key not in head}, **_OWN, "code": code}


def _imports_own(statement: str) -> bool:
    return bool(module_aliases({"imports": [statement]}))


def _vendored(value: Any, aliases: Iterable[str]) -> Any:
    if isinstance(value, str):
        return _expression(value, aliases) if value.startswith("$") else value
    if isinstance(value, list):
        return [_vendored(item, aliases) for item in value]
    if not isinstance(value, Mapping):
        return value
    made = {key: _vendored(item, aliases) for key, item in value.items()}
    if str(value.get("_target_", "")).startswith(f"{PACKAGE}."):
        made["_requires_"] = "@code_path"
    return made


def _expression(text: str, aliases: Iterable[str]) -> str:
    """An expression whose module names are references; what is a reference or an attribute already stays."""
    names = "|".join(map(re.escape, aliases))
    return re.sub(rf"(?<![\w@.:#'\"])({names})(?=\.[A-Za-z_])", r"@code::\1", text) if names else text
