# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a dataset: one exception, and a collector that raises it or gathers everything."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

logger = logging.getLogger(__name__)

NAMED = 10  # names spelled out in one message; check-data prints all of them


class DataError(ValueError):
    """A dataset breaks a rule: the message names the thing, the rule and the remedy.

    Built from one string, because a DataLoader rebuilds a worker's exception as ``type(error)(text)``.
    """


def name_some(names: Iterable[str], limit: int = NAMED) -> str:
    """The names joined by commas, at most ``limit`` of them, followed by how many were left out."""
    listed = list(names)
    left_out = len(listed) - limit
    return ", ".join(listed[:limit]) + (f" and {left_out} more" if left_out > 0 else "")


@dataclass(frozen=True)
class Problem:
    """One finding: ``text`` says what, ``names`` which ids or files, ``remedy`` what to do."""

    text: str
    names: tuple[str, ...] = ()
    remedy: str = ""

    def line(self, limit: int = NAMED) -> str:
        """The finding as one line, with at most ``limit`` names."""
        named = f": {name_some(self.names, limit)}" if self.names else ""
        return f"{self.text}{named}" + (f"; {self.remedy}" if self.remedy else "")

    def complete(self) -> str:
        """The finding with all its names: in one line where they are few, else a line each below it."""
        if len(self.names) <= NAMED:
            return self.line()
        return "\n    ".join([replace(self, names=()).line() + ":", *self.names])


class Problems:
    """Receives what the layout readers find.

    Args:
        strict: True for a run, which raises at the first refused thing and logs the rest; False for
            ``check-data``, which gathers everything in ``refused``, ``noted`` and ``absent``.
    """

    def __init__(self, *, strict: bool = True) -> None:
        self.strict = strict
        self.refused: list[Problem] = []
        self.noted: list[Problem] = []
        self.absent: list[str] = []

    def refuse(self, text: str, names: Sequence[str] = (), remedy: str = "") -> None:
        """Record something no run may start with.

        Raises:
            DataError: at once when ``strict``.
        """
        problem = Problem(text, tuple(names), remedy)
        if self.strict:
            raise DataError(problem.line())
        self.refused.append(problem)

    def raise_refused(self) -> None:
        """Stop where anything was refused.

        Raises:
            DataError: a line each, of the first ten.
        """
        lines = [problem.line() for problem in self.refused]
        left_out = [f"and {len(lines) - NAMED} more"] if len(lines) > NAMED else []
        if lines:
            raise DataError("\n".join(lines[:NAMED] + left_out))

    def note(self, text: str, names: Sequence[str] = (), remedy: str = "") -> None:
        """Record something a run can live with, once, however many splits show it."""
        problem = Problem(text, tuple(names), remedy)
        if problem in self.noted:
            return
        if self.strict:
            logger.warning(problem.line())
        self.noted.append(problem)

    def lack(self, text: str) -> None:
        """Record that an optional part of the dataset is not there."""
        if self.strict:
            logger.info(text)
        self.absent.append(text)
