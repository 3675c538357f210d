# SPDX-License-Identifier: Apache-2.0
"""Figures of evaluations on the earlier and the later numbers of the ISIC archive.

    python benchmarks/archive_numbers.py EVALUATION [EVALUATION ...] [--from 12000]

The test images of ISIC-2017 all have numbers from ISIC_0012000 on, as 125 of its 150 validation images but only half of
its training images have, among them every seborrheic keratosis. Held-out folds therefore say most of the test split on
their later images. Several evaluations, such as those of two folds, are pooled.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mt_transunet.metrics import summarise
from mt_transunet.reports.card import accuracy_table
from mt_transunet.reports.rows import read_rows, typed
from mt_transunet.run_files import PER_IMAGE

Row = Mapping[str, Any]


def archive_number(image_id: str) -> int:
    """12345 of ``ISIC_0012345``.

    Raises:
        ValueError: the id is none of the archive's.
    """
    name, _, number = image_id.partition("_")
    if name != "ISIC" or not number.isdigit():
        raise ValueError(f"{image_id!r} is no id of the ISIC archive, such as ISIC_0012345")
    return int(number)


def table(rows: list[Row], first_later: int) -> str:
    """Markdown: all images, those below the number, and those from it on; brackets are 95% intervals over images."""
    later = [archive_number(str(row["image_id"])) >= first_later for row in rows]
    parts = {
        "all": rows,
        f"below {first_later}": [row for row, is_later in zip(rows, later) if not is_later],
        f"from {first_later} on": [row for row, is_later in zip(rows, later) if is_later],
    }
    return accuracy_table({name: summarise(part) for name, part in parts.items()})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evaluations", nargs="+", type=Path, help="output_dir of an evaluation")
    parser.add_argument("--from", dest="first_later", type=int, default=12000, help="first of the later numbers")
    arguments = parser.parse_args()
    try:
        rows = [typed(row) for folder in arguments.evaluations for row in read_rows(folder / PER_IMAGE)]
        print(table(rows, arguments.first_later))
    except (OSError, ValueError) as error:
        raise SystemExit(f"{error}; name the output_dir of evaluations of ISIC images")


if __name__ == "__main__":
    main()
