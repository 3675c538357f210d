# SPDX-License-Identifier: Apache-2.0
"""What inference answered for each image of a folder; images that failed come first."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

from mt_transunet.reports.blocks import Facts, Paragraph, Picture, Section, Table
from mt_transunet.reports.rows import read_rows, typed

PREDICTIONS = "predictions.csv"

# A page of a few megabytes opens on a phone; predictions.csv has every row.
_SHOWN_ROWS, _SHOWN_PICTURES = 500, 100

_SUCCESS = "ok"


def inference_sections(run_dir: Path) -> tuple[dict[str, Any], list[Section]]:
    """Headline and section of a folder with ``predictions.csv``."""
    rows = [typed(row) for row in read_rows(run_dir / PREDICTIONS)]
    # Stable: the order of the file stays within both groups.
    rows.sort(key=lambda row: row.get("status") == _SUCCESS)
    failed = sum(row.get("status") != _SUCCESS for row in rows)
    blocks: list[Any] = [Facts(classes)] if (classes := _called(rows)) else []
    if rows:
        shown = _with_pictures(rows[:_SHOWN_ROWS], run_dir)
        blocks.append(Table(shown, columns=_filled_columns(shown), marked=frozenset(range(failed))))
    if len(rows) > _SHOWN_PICTURES:
        blocks.append(
            Paragraph(
                f"Pictures of the first {_SHOWN_PICTURES} images, the first {min(len(rows), _SHOWN_ROWS)} rows; "
                f"all {len(rows)} stand in {PREDICTIONS}."
            )
        )
    return {"Images": len(rows), "Failed": failed}, [Section("Inference", blocks)]


def _called(rows: list[dict[str, Any]]) -> dict[str, int]:
    classes = Counter(row["predicted"] for row in rows if row.get("predicted"))
    return {f"Called {str(name).replace('_', ' ')}": count for name, count in sorted(classes.items())}


def _with_pictures(rows: list[dict[str, Any]], run_dir: Path) -> list[dict[str, Any]]:
    shown, left = [], _SHOWN_PICTURES
    folder = _common_folder([str(row.get("image", "")) for row in rows])
    for row in rows:
        path = _picture_path(row, run_dir) if left else None
        left -= path is not None
        picture = Picture(path, alt=f"answer for {row.get('image')}") if path else None
        rest = {key: value for key, value in row.items() if key not in ("mask", "overlay")}
        if rest.get("predicted"):
            rest["predicted"] = str(rest["predicted"]).replace("_", " ")
        shown.append({"picture": picture, **rest, "image": str(row.get("image", ""))[len(folder) :]})
    return shown


def _common_folder(paths: list[str]) -> str:
    """What all paths begin with, up to its last slash: the page leaves it out."""
    common = os.path.commonprefix(paths)
    return common[: common.rfind("/") + 1]


def _picture_path(row: dict[str, Any], run_dir: Path) -> Path | None:
    for column in ("overlay", "mask"):
        path = (run_dir / row[column]).resolve() if row.get(column) else None
        # Only what lies in the run's own folder goes into its page.
        if path and path.is_relative_to(run_dir.resolve()) and path.is_file():
            return path
    return None


def _filled_columns(rows: list[dict[str, Any]]) -> list[str]:
    names = dict.fromkeys(key for row in rows for key in row)
    # The answer before the probabilities behind it.
    ordered = dict.fromkeys(("picture", "image", "status", "predicted", *names))
    return [name for name in ordered if any(row.get(name) is not None for row in rows)]
