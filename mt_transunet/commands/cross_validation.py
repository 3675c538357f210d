# SPDX-License-Identifier: Apache-2.0
"""``mt-transunet crossvalidate``: its options; all others are those of a training."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

__all__ = ["add_crossvalidate"]


def add_crossvalidate(verbs: Any) -> None:
    """Add the verb to the command line's verbs."""
    parser = verbs.add_parser(
        "crossvalidate",
        allow_abbrev=False,
        help="train in turns, so that every image is judged by a network that was not trained on it",
        epilog="Any other --key value is one of a training: --max_iterations 200 --initial_weights WEIGHTS ...",
    )
    parser.add_argument("dataset_dir", metavar="D", help="as of a training; its training split is parted")
    parser.add_argument("--folds", type=int, default=5, help="how many parts (default %(default)s)")
    parser.add_argument("--views", choices=("none", "fast", "paper"), default="fast", help="(default %(default)s)")
    parser.add_argument("--output_dir", type=Path, default=Path("runs/crossvalidation"), help="(default %(default)s)")
    parser.set_defaults(verb=_crossvalidate, takes_overrides=True)


def _crossvalidate(arguments: argparse.Namespace) -> int:
    from ..cross_validation import cross_validate
    from ..overrides import flags, stray_words
    from ..reports import write_report

    if stray := stray_words(arguments.overrides):
        raise ValueError(f"{' '.join(stray)} stands behind no --key; several datasets are one word, \"['A','B']\"")
    told = {key: getattr(arguments, key) for key in ("folds", "views")}
    cross_validate(arguments.dataset_dir, arguments.output_dir, training=flags(arguments.overrides), **told)
    print(f"\nThe page: {write_report(arguments.output_dir).resolve()}")
    return 0
