# SPDX-License-Identifier: Apache-2.0
"""``mt-transunet split`` and ``join``: their options, and what they print."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = ["add_join", "add_split"]


def add_split(verbs: Any) -> None:
    """Add the verb to the command line's verbs."""
    parser = verbs.add_parser("split", help="cut a file, such as a checkpoint, into pieces that can be carried")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("folder", metavar="FOLDER", help="where the pieces and their list go")
    parser.add_argument("--mebibytes", type=int, default=16, help="most that a piece may have (default %(default)s)")
    parser.set_defaults(verb=_split)


def add_join(verbs: Any) -> None:
    """Add the verb to the command line's verbs."""
    parser = verbs.add_parser("join", help="put a file together again from its pieces, each of them checked")
    parser.add_argument("folder", metavar="FOLDER", help="with the pieces and their list; or the list itself")
    parser.add_argument("file", metavar="FILE", help="to write")
    parser.set_defaults(verb=_join)


def _split(arguments: argparse.Namespace) -> int:
    from ..pieces import split

    for path in split(arguments.file, arguments.folder, arguments.mebibytes * 2**20):
        print(path)
    return 0


def _join(arguments: argparse.Namespace) -> int:
    from ..pieces import join

    print(join(arguments.folder, arguments.file).resolve())
    return 0
