# SPDX-License-Identifier: Apache-2.0
"""``mt-transunet package``: its options, and what it prints."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

__all__ = ["add_package"]


def add_package(verbs: Any) -> None:
    """Add the verb to the command line's verbs."""
    parser = verbs.add_parser(
        "package", allow_abbrev=False, help="write a bundle that carries its code and weights, as folder and zip"
    )
    parser.add_argument("variant", choices=("lite", "paper"))
    parser.add_argument("out", metavar="OUT", type=Path, help="folder that receives both")
    parser.add_argument("--weights", type=Path, help="file or run folder (default: the shipped weights)")
    parser.add_argument("--linked", action="store_true", help="links to this clone's code, and no zip")
    parser.add_argument("--hub", type=Path, help="folder for a copy as the Hugging Face hub gets it; nothing is sent")
    parser.set_defaults(verb=_package)


def _package(arguments: argparse.Namespace) -> int:
    from ..packaging import BUNDLE_NAMES, package_bundle
    from ..packaging.hub import require_free, write_hub_folder

    if arguments.linked and arguments.hub:
        raise ValueError("links to this clone are of no use on a hub; leave out --linked or --hub")
    if arguments.hub:
        require_free(arguments.hub / BUNDLE_NAMES[arguments.variant])
    paths = package_bundle(arguments.variant, arguments.out, weights=arguments.weights, linked=arguments.linked)
    for path in [*paths, *([write_hub_folder(paths[0], arguments.hub)] if arguments.hub else [])]:
        print(path.resolve())
    return 0
