# SPDX-License-Identifier: Apache-2.0
"""Lists of known names on a command line."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable, Collection

__all__ = ["names_among"]


def names_among(known: Collection[str]) -> Callable[[str], list[str]]:
    """An argparse type: a list with commas, of which an unknown name is refused before anything is trained."""

    def names(text: str) -> list[str]:
        found = text.split(",")
        if unknown := [name for name in found if name not in known]:
            raise ArgumentTypeError(f"unknown {', '.join(unknown)}; there are {', '.join(known)}")
        return found

    return names
