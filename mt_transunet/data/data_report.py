# SPDX-License-Identifier: Apache-2.0
"""What check-data found, as an object and as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .. import CLASS_NAMES
from .errors import Problem
from .items import Item

NOTES_SHOWN = 50  # names per note in the text; errors are listed completely


@dataclass
class SplitSummary:
    """One split in numbers. ``sizes`` are (width, height): smallest, median and largest by area."""

    images: int = 0
    with_mask: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    sizes: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, items: Sequence[Item], sizes: tuple[tuple[int, int], ...] = ()) -> SplitSummary:
        """The items counted."""
        counts = Counter(item.get("label") for item in items)
        classes = {name: counts[index] for index, name in enumerate(CLASS_NAMES)} | {"unknown": counts[None]}
        return cls(len(items), sum("mask" in item for item in items), classes, sizes)

    def __str__(self) -> str:
        classes = ", ".join(f"{name} {count}" for name, count in self.classes.items())
        sizes = " / ".join(f"{width}x{height}" for width, height in self.sizes)
        images = f"{self.images} image{'' if self.images == 1 else 's'}"
        text = f"{images}, {self.with_mask} with mask, {self.images - self.with_mask} without; {classes}"
        return text + (f"; sizes min/median/max {sizes}" if sizes else "")


@dataclass
class DataReport:
    """Everything check-data found.

    Attributes:
        found: one line per root, what it was recognised as.
        splits: split name (``unlabelled`` for ``additional_dir``) -> numbers.
        missing: what is not there and may be: splits, masks, diagnoses.
        errors: what a run refuses or would stop at.
        flagged: byte-identical images on two sides of a split; a run starts, its figures are doubtful.
        notes: what a run can live with, but its owner should know.
    """

    found: list[str] = field(default_factory=list)
    splits: dict[str, SplitSummary] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
    flagged: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True when nothing must be repaired before a run."""
        return not self.errors

    def __str__(self) -> str:
        splits = [f"{name}: {summary}" for name, summary in self.splits.items()]
        sections = {
            "found": self.found,
            "splits": splits,
            "missing": self.missing,
            "worth knowing": [problem.line(NOTES_SHOWN) for problem in self.notes],
            "flagged": [problem.complete() for problem in self.flagged],
            "to repair": [problem.complete() for problem in self.errors],
        }
        lines = []
        for heading, entries in sections.items():
            if entries:
                lines += [heading, *(f"  {entry}" for entry in entries)]
        count = f"{len(self.errors)} finding{'s' if len(self.errors) > 1 else ''}"
        verdict = "nothing to repair" if self.ok else f"to repair before a run: {count}"
        return "\n".join([*lines, verdict])
