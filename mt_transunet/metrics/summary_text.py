# SPDX-License-Identifier: Apache-2.0
"""The blocks of ``metrics.json`` as lines that a person reads in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mt_transunet.metrics.summary import calibration_sentence

__all__ = ["summary_text"]

_LACKING = {
    "segmentation": "no image has a mask; a datalist.json can name them",
    "classification": "no image has a diagnosis; a datalist.json or a labels.csv can name them",
}


def summary_text(summary: Mapping[str, Any], protocol: Mapping[str, Any]) -> str:
    """Every figure with its interval; an undefined one is a dash."""
    told = f"split {protocol.get('split')}, views {protocol.get('views')}, precision {protocol.get('precision')}"
    over = f" over {summary['groups']} groups of images" if summary.get("groups") else ""
    lines = ["", f"{told}, 95% intervals{over}"]
    for block in ("segmentation", "classification"):
        figures = summary[block]
        lines.append(f"{block}, n = {figures['n']}" + ("" if figures["n"] else f": {_LACKING[block]}"))
        for name, value in figures.items():
            if name == "n":
                continue
            nested = isinstance(value, Mapping) and "value" not in value
            lines.append(f"  {name}: {_several(value) if nested else _figure(value)}")
    return "\n".join([*lines, *_diagnosis_lines(summary), *_calibration_lines(summary), *_confidence_lines(summary)])


def _diagnosis_lines(summary: Mapping[str, Any]) -> list[str]:
    blocks = {name: block for name, block in summary.get("by_diagnosis", {}).items() if block["n"]}
    lines = [f"  {name}, n = {block['n']}: {_several(block)}" for name, block in blocks.items()]
    return ["by diagnosis", *lines] if lines else []


def _calibration_lines(summary: Mapping[str, Any]) -> list[str]:
    block = summary.get("calibration", {})
    return [f"calibration, n = {block['n']}", f"  {calibration_sentence(block)}"] if block.get("n") else []


def _confidence_lines(summary: Mapping[str, Any]) -> list[str]:
    block = summary.get("confidence", {})
    if not block.get("n"):
        return []
    correlation = "-" if block["spearman"] is None else f"{block['spearman']:.3f}"
    return [
        f"confidence, n = {block['n']}",
        f"  predicted and true Dice correlate with {correlation} (Spearman); without the fifth predicted worst "
        f"JA {block['JA_kept']:.3f} instead of {block['JA']:.3f}",
    ]


def _several(figures: Mapping[str, Any]) -> str:
    return "  ".join(f"{name} {_figure(figure)}" for name, figure in figures.items() if name != "n")


def _figure(value: Mapping[str, float | None] | None) -> str:
    if value is None:
        return "-"
    centre, low, high = ("-" if value[key] is None else f"{value[key]:.3f}" for key in ("value", "low", "high"))
    return f"{centre} [{low}, {high}]"
