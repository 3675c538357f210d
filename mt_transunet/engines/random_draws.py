# SPDX-License-Identifier: Apache-2.0
"""Where torch's random generators stand, and drawing the same a second time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch

__all__ = ["drawing_again", "generators", "set_generators"]


def generators() -> dict[str, Any]:
    """The state of torch's generators, by kind of device."""
    state: dict[str, Any] = {"torch": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def set_generators(state: Mapping[str, Any]) -> None:
    """Put torch's generators to where :func:`generators` found them."""
    torch.set_rng_state(state["torch"].cpu())
    for device, generator in zip(range(torch.cuda.device_count()), state.get("cuda", [])):  # there may be fewer now
        torch.cuda.set_rng_state(generator.cpu(), device)


@contextlib.contextmanager
def drawing_again(state: Mapping[str, Any]) -> Iterator[None]:
    """Inside, torch draws what it drew behind ``state``; afterwards what it would have drawn next anyway."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        set_generators(state)
        yield
