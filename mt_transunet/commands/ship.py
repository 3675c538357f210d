# SPDX-License-Identifier: Apache-2.0
"""``mt-transunet ship``: its options."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

__all__ = ["add_ship"]


def add_ship(verbs: Any) -> None:
    """Add the verb to the command line's verbs."""
    parser = verbs.add_parser(
        "ship", help="make of a training a file to give away: calibrated, with its record and a model card"
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="output_dir of a finished training")
    parser.add_argument("file", metavar="FILE", type=Path, help="to write, such as weights/own.pt")
    parser.add_argument(
        "--evaluation",
        metavar="FOLDER",
        type=Path,
        required=True,
        help="of a cross-validation of the same training, or of an evaluation of RUN on images it has not seen",
    )
    parser.set_defaults(verb=_ship)


def _ship(arguments: argparse.Namespace) -> int:
    from ..shipping import ship_own

    file = ship_own(arguments.run, arguments.file, evaluation=arguments.evaluation)
    for path in (file, file.with_suffix(".json"), file.with_suffix(".md")):
        print(path.resolve())
    return 0
