# SPDX-License-Identifier: Apache-2.0
"""Every component that any config names exists, under a name that MONAI finds."""

from __future__ import annotations

import json
import pydoc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from monai.bundle import ComponentLocator
from monai.bundle.config_item import ConfigComponent

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"


def targets(value: Any) -> Iterator[dict[str, Any]]:
    """Every component of a config, at any depth."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    if isinstance(value, dict) and "_target_" in value:
        yield value
    for item in inner:
        yield from targets(item)


NAMED = sorted(
    {
        (path.name, component["_target_"])
        for path in CONFIGS.glob("*.json")
        for component in targets(json.loads(path.read_text()))
    }
)


@pytest.fixture(scope="module")
def locator() -> ComponentLocator:
    return ComponentLocator()


@pytest.mark.parametrize(("config", "target"), NAMED)
def test_the_component_is_found(config: str, target: str, locator: ComponentLocator) -> None:
    name = ConfigComponent({"_target_": target}, id=config, locator=locator).resolve_module_name()
    assert callable(pydoc.locate(name)), f"{config} names {target}, which is not there"


def test_a_component_that_is_not_there_is_noticed(locator: ComponentLocator) -> None:
    name = ConfigComponent({"_target_": "mt_transunet.losses.Nothing"}, id="x", locator=locator).resolve_module_name()
    assert pydoc.locate(name) is None
