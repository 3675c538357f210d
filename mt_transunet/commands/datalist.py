# SPDX-License-Identifier: Apache-2.0
"""``mt-transunet datalist``: its options, and what it prints."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

__all__ = ["add_datalist"]

NAMES = ("NEVUS", "MELANOMA", "KERATOSIS")


def add_datalist(verbs: Any) -> None:
    """Add the verb to the command line's verbs."""
    parser = verbs.add_parser("datalist", help="write the list of images, masks and diagnoses of your own, split")
    parser.add_argument("images", metavar="IMAGES", type=Path, help="folder of the images, with all below it")
    parser.add_argument("file", metavar="FILE", type=Path, help="to write, such as datalist.json")
    parser.add_argument("--masks", type=Path, help="folder of the masks: x.png or x_mask.png for the image x.jpg")
    parser.add_argument("--table", type=Path, help="CSV file with a row for each image")
    parser.add_argument("--image_column", help="names of the images (default image_id)")
    parser.add_argument("--diagnosis_column", help="(default diagnosis, or the challenge's two columns)")
    parser.add_argument("--group_column", help="patient or lesion, never on two sides")
    parser.add_argument(
        "--names",
        nargs=3,
        metavar=NAMES,
        help="how the table calls the three diagnoses; several names of one as one|other",
    )
    parser.add_argument("--validation", type=float, help="share to validate on (default 0.2, 0 where all is test)")
    parser.add_argument("--test", type=float, default=0.0, help="share to test on (default %(default)s, 1 for all)")
    parser.add_argument("--seed", type=int, default=0, help="another one draws other sides (default %(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="replace a list that is there")
    parser.set_defaults(verb=_datalist)


def _datalist(arguments: argparse.Namespace) -> int:
    from ..data import write_datalist

    told = {key: getattr(arguments, key) for key in ("masks", "test", "seed", "overwrite")}
    told["validation"] = min(0.2, 1 - arguments.test) if arguments.validation is None else arguments.validation
    print(write_datalist(arguments.images, arguments.file, table=_table(arguments), **told))
    print(f"\nNow look into every file: mt-transunet check-data {arguments.file}")
    return 0


def _table(arguments: argparse.Namespace) -> Any:
    """Where the table says what; None without one.

    Raises:
        ValueError: options that speak of a table, and none.
    """
    from ..data import OwnTable

    columns = {
        "image": arguments.image_column,
        "diagnosis": arguments.diagnosis_column,
        "group": arguments.group_column,
    }
    told = {key: value for key, value in {**columns, "names": arguments.names}.items() if value is not None}
    if arguments.table is not None:
        return OwnTable(arguments.table, **{key: tuple(told[key]) if key == "names" else told[key] for key in told})
    if told:
        raise ValueError("columns and --names are those of a table; give it with --table")
    return None
