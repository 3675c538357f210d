# SPDX-License-Identifier: Apache-2.0
"""The page of a run folder, whatever kind of run it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from mt_transunet.reports.blocks import Facts, Section
from mt_transunet.reports.evaluation_section import evaluation_sections
from mt_transunet.reports.inference_section import PREDICTIONS, inference_sections
from mt_transunet.reports.page import write_page
from mt_transunet.reports.training_section import training_sections
from mt_transunet.run_files import HISTORY, METRICS

REPORT = "report.html"

Described = tuple[dict[str, Any], list[Section]]  # headline facts, sections

# The file that shows that a folder holds such a run -> what to say of it, in the order of a page.
_KINDS: dict[str, Callable[[Path], Described]] = {
    HISTORY: training_sections,
    METRICS: evaluation_sections,
    PREDICTIONS: inference_sections,
}


def write_report(run_dir: str | Path, *, note: str = "") -> Path:
    """Write ``report.html`` into a run folder, from the files that training, evaluation or inference left there.

    A folder with sub-runs (``training/``, ``evaluation/``, ``inference/``, as a demonstration makes them) gets one
    page with all of them.

    Args:
        run_dir: the folder.
        note: a sentence about all of it, at the top of the page.

    Returns:
        Path of the page, replaced in one step.

    Raises:
        ValueError: neither the folder nor a folder directly inside it holds any of the files.
    """
    run_dir = Path(run_dir)
    runs = [(kind, folder) for kind in _KINDS for folder in _folders(run_dir) if (folder / kind).is_file()]
    if not runs:
        raise ValueError(
            f"a run folder must hold {', '.join(_KINDS)} or a sub-folder with one of them, got {run_dir}; "
            "give the output_dir of a training, evaluation or inference"
        )
    headline: dict[str, Any] = {}
    sections: list[Section] = []
    for kind, folder in runs:
        facts, found = _KINDS[kind](folder)
        if sum(other == kind for other, _ in runs) == 1:
            headline |= facts
        else:
            found[0] = _named(found[0], facts, folder)
        sections += found
    return write_page(run_dir / REPORT, title=_title(run_dir), facts=headline, sections=sections, note=note)


def _named(section: Section, facts: dict[str, Any], folder: Path) -> Section:
    """One of several runs of a kind: its folder in the heading, its facts below instead of above all."""
    return replace(section, heading=f"{section.heading}: {folder.name}", blocks=[Facts(facts), *section.blocks])


def _folders(run_dir: Path) -> list[Path]:
    return [run_dir, *sorted(path for path in run_dir.glob("*") if path.is_dir())]


def _title(run_dir: Path) -> str:
    return f"MT-TransUNet: {run_dir.resolve().name}"
