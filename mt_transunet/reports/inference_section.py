# SPDX-License-Identifier: Apache-2.0
"""What inference answered for each image of a folder; images that failed come first."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mt_transunet import CLASS_NAMES
from mt_transunet.quality import FLAGS, flag_words
from mt_transunet.reports.blocks import Column, Facts, ImageRow, ImageTable, Paragraph, Section
from mt_transunet.reports.rows import number, read_rows, typed
from mt_transunet.reports.run_settings import in_words, inference_settings

PREDICTIONS = "predictions.csv"

_SUCCESS = "ok"
_NO_FLAG, _UNREAD, _SUSPECTED = "no flag", "could not be read", "melanoma suspected"

_UNMEASURED = (
    "Not said of these images: whether a melanoma is suspected, how good a mask is, whether it is doubtful. Nobody "
    "measured that with these weights and options, so that no flag does not mean that it was checked."
)

_CLASSES = [
    Column(name, name.replace("_", " "), f"Probability of {name.replace('_', ' ')}.", "share") for name in CLASS_NAMES
]
_COLUMNS = [
    Column("predicted", "predicted", "The likeliest of the three classes."),
    Column(
        "melanoma_suspected",
        "melanoma suspected",
        "The probability of melanoma reaches the value at which 90 percent of the melanomas of validation are found.",
        "alert",
    ),
    Column("flags", "flags", "Reasons to look at the image before relying on its answers.", "badges"),
    Column(
        "predicted_dice",
        "predicted Dice",
        "Expected overlap of the mask with one drawn by a person, from 0 (none) to 1 (the same).",
        "share",
        2,
    ),
    *_CLASSES,
    Column("diameter_mm", "diameter, mm", "Diameter of the disc of the same area.", "number", 1),
    Column("diameter_px", "diameter, px", "Diameter of the disc of the same area.", "number", 0),
    Column(
        "asymmetry",
        "asymmetry",
        "Share of the lesion left over when it is folded along its axes; 0 is mirror-symmetric.",
        "number",
        2,
    ),
    Column(
        "border_irregularity",
        "border irregularity",
        "Length of the border over that of a disc of the same area, squared; 1 for a disc, more for anything else.",
        "number",
        2,
    ),
    Column(
        "colour_variegation",
        "colour variegation",
        "Spread of the lesion's colours (CIELAB); 0 for a single colour.",
        "number",
        1,
    ),
]
_DIGITS = {"area_px": 0, "area_mm2": 1, "longest_px": 0, "longest_mm": 1, "colours": 0}  # of the other columns
_NOTES = {
    "agreement": "Dice of the mask with the share of the views that call each pixel lesion.",
    "consistency": "Dice of the mask with the inside of the level set.",
    "expected": "Dice of the mask with the lesion's mean probability.",
    "spread": "Standard deviation of the lesion's probability over the views, mean over the mask.",
    "class_spread": "Standard deviation of the predicted class's probability over the views.",
    "lesion_fraction": "Share of the picture that is lesion.",
    "longest_px": "Largest distance between two points of the lesion.",
    "solidity": "Area of the lesion over that of its convex hull; 1 has no dents.",
    "colours": "How many of the six colours of the ABCD rule the lesion shows.",
}
_UNITS = {"px": "px", "mm": "mm", "mm2": "mm\N{SUPERSCRIPT TWO}"}
_ELSEWHERE = ("image", "status", "mask", "overlay")  # shown, but not as a column of their own


def inference_sections(run_dir: Path) -> tuple[dict[str, Any], list[Section]]:
    """Headline and section of a folder with ``predictions.csv``; ``predictions.json`` adds what made it."""
    rows = [typed(row) for row in read_rows(run_dir / PREDICTIONS)]
    # Stable: the order of the file stays within both groups.
    rows.sort(key=_succeeded)
    called = Counter(str(row["predicted"]) for row in rows if row.get("predicted"))
    answers = " \N{MIDDLE DOT} ".join(f"{_words(name)} {called[name]}" for name in _ordered(called))
    blocks: list[Any] = [Paragraph(f"Called: {answers}")] if called else []
    answered = [row for row in rows if _succeeded(row)]
    if answered and all(row.get("melanoma_suspected") is None for row in answered):
        blocks.append(Paragraph(_UNMEASURED))
    settings = inference_settings(run_dir)
    if settings:
        blocks.append(Facts(in_words(settings), caption="Settings", folded=True))
    threshold = number(settings.get("melanoma_threshold"))
    if rows:
        blocks.append(_image_table(rows, run_dir, threshold))
    return _headline(rows, threshold), [Section("Inference", blocks)]


def _headline(rows: Sequence[Mapping[str, Any]], threshold: float | None) -> dict[str, Any]:
    facts = {"Images": len(rows), "Could not be read": sum(not _succeeded(row) for row in rows)}
    if any("flags" in row for row in rows):
        facts["Flagged"] = sum(bool(row.get("flags")) for row in rows)
    if any(row.get("melanoma_suspected") is not None for row in rows):
        above = "" if threshold is None else f" (from {threshold:.3f})"
        facts[f"Melanoma suspected{above}"] = sum(row.get("melanoma_suspected") is True for row in rows)
    return facts


def _image_table(rows: Sequence[Mapping[str, Any]], run_dir: Path, threshold: float | None) -> ImageTable:
    folder = _common_folder([str(row.get("image") or "") for row in rows])
    images = [_image_row(row, run_dir, str(row.get("image") or "")[len(folder) :]) for row in rows]
    called = {str(row["predicted"]) for row in rows if row.get("predicted")}
    flags = dict.fromkeys(flag for image in images for flag in image.cells["flags"])
    groups = {
        "Flags": [*sorted(flags, key=_place_of_flag), _NO_FLAG, _UNREAD],
        "Called": [_words(name) for name in _ordered(called)],
        "Screening": [_SUSPECTED],
    }
    columns = [_with_threshold(column, threshold) for column in _columns(rows)]
    return ImageTable(images, columns, groups, _legend(columns, flagged=any("flags" in row for row in rows)))


def _legend(columns: Sequence[Column], *, flagged: bool) -> dict[str, dict[str, str]]:
    """What flags and columns mean; that an image has none of the flags says something only to who knows them all."""
    other = [column for column in columns if column not in _CLASSES and column.key != "flags"]
    notes = {column.heading: column.note for column in other if column.note}
    if classes := ", ".join(column.heading for column in columns if column in _CLASSES):
        notes[classes] = "Probabilities of the classes, which add up to 1."
    meanings = {flag_words(name): meaning for name, meaning in FLAGS.items()}
    legend = {"Flags": meanings if flagged else {}, "Columns": notes}
    return {heading: words for heading, words in legend.items() if words}


def _image_row(row: Mapping[str, Any], run_dir: Path, name: str) -> ImageRow:
    names = filter(None, map(str.strip, str(row.get("flags") or "").split(";")))
    flags = [flag_words(name) if name in FLAGS else name for name in names]
    cells = {**row, "flags": flags}
    groups: dict[str, list[str]] = {"Flags": flags}
    if not _succeeded(row):
        groups["Flags"] = [_UNREAD]
    elif "flags" in row and not flags:
        groups["Flags"] = [_NO_FLAG]
    if row.get("predicted"):
        cells["predicted"] = _words(str(row["predicted"]))
        groups["Called"] = [cells["predicted"]]
    if row.get("melanoma_suspected") is True:
        groups["Screening"] = [_SUSPECTED]
    overlay, mask = (_file(row.get(column), run_dir) for column in ("overlay", "mask"))
    problem = "" if _succeeded(row) else f"{_UNREAD}: {row.get('status') or 'no reason is given'}"
    return ImageRow(name, cells, overlay or mask, overlay is not None, problem, groups)


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    """The columns that a person needs, where any row fills them, and the others of the file folded behind them."""
    filled = dict.fromkeys(key for row in rows for key, value in row.items() if value is not None)
    needed = [column for column in _COLUMNS if column.key in filled]
    # Pixels say little where millimetres are known; photographs as DICOM may know theirs where others do not.
    measured = [row for row in rows if row.get("diameter_px") is not None]
    if all(row.get("diameter_mm") is not None for row in measured):
        needed = [column for column in needed if column.key != "diameter_px"]
    known = {column.key for column in needed}
    return needed + [_other(key, rows) for key in filled if key not in known and key not in _ELSEWHERE]


def _with_threshold(column: Column, threshold: float | None) -> Column:
    """The suspicion of a melanoma with its number in the note; any other column as it is."""
    if threshold is None or column.key != "melanoma_suspected":
        return column
    return replace(column, note=column.note.replace("reaches the value", f"reaches {threshold:.3f}, the value"))


def _other(key: str, rows: Sequence[Mapping[str, Any]]) -> Column:
    """A folded column, by what its cells hold."""
    values = [row[key] for row in rows if row.get(key) is not None]
    numeric = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    whole = numeric and all(isinstance(value, int) for value in values)
    name, _, unit = key.rpartition("_")
    heading = f"{_words(name)}, {_UNITS[unit]}" if unit in _UNITS else _words(key)
    digits = 0 if whole else _DIGITS.get(key, 3)
    return Column(key, heading, _NOTES.get(key, ""), "number" if numeric else "text", digits, folded=True)


def _succeeded(row: Mapping[str, Any]) -> bool:
    return row.get("status") == _SUCCESS


def _words(name: str) -> str:
    return name.replace("_", " ")


def _ordered(classes: Any) -> list[str]:
    """The classes of the network in its order, then any others."""
    return [*(name for name in CLASS_NAMES if name in classes), *sorted(set(classes) - set(CLASS_NAMES))]


def _place_of_flag(words: str) -> int:
    known = list(map(flag_words, FLAGS))
    return known.index(words) if words in known else len(known)


def _common_folder(paths: list[str]) -> str:
    """What all paths begin with, up to its last slash: the page leaves it out."""
    common = os.path.commonprefix(paths)
    return common[: common.rfind("/") + 1]


def _file(name: Any, run_dir: Path) -> Path | None:
    """A file that a row names; only what lies in the run's own folder goes into its page."""
    path = (run_dir / name).resolve() if name else None
    return path if path and path.is_relative_to(run_dir.resolve()) and path.is_file() else None
