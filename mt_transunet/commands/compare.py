# SPDX-License-Identifier: Apache-2.0
"""``mt-transunet compare``: its options, and what it prints."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

__all__ = ["add_compare"]


def add_compare(verbs: Any) -> None:
    """Add the verb to the command line's verbs."""
    parser = verbs.add_parser("compare", help="two evaluations image by image: what B gains over A, with intervals")
    for name in ("A", "B"):
        parser.add_argument(name, type=Path, help="output_dir of an evaluation")
    parser.add_argument("--page", type=Path, metavar="FILE", help="HTML file to write, with the images that differ")
    parser.set_defaults(verb=_compare)


def _compare(arguments: argparse.Namespace) -> int:
    from ..metrics import paired_difference
    from ..reports.comparison import cautions, protocol_differences, read_evaluated, write_comparison

    a, b = read_evaluated(arguments.A), read_evaluated(arguments.B)
    found = paired_difference(a.rows, b.rows)
    print(f"A  {a}\nB  {b}")
    for key, (of_a, of_b) in protocol_differences(a, b).items():
        print(f"   {key}: {of_a} and {of_b}")
    for caution in cautions(a, b):
        print(caution)
    print(f"\n{'figure':<26}{'A':>7}{'B':>8}{'B - A':>9} [95% interval]")
    counts = {key: found[key] for key in ("n", "only_a", "only_b")}
    for name in [name for name in found if name not in counts]:
        print(f"{name.replace('_', ' '):<26}{_columns(found[name])}")
    alone = f", {counts['only_a']} only in A, {counts['only_b']} only in B"
    print(f"n = {counts['n']} images in both" + (alone if counts["only_a"] or counts["only_b"] else ""))
    if arguments.page:
        print(f"\n{write_comparison(arguments.page, a, b, found).resolve()}")
    return 0


def _columns(figure: dict[str, float | None] | None) -> str:
    """A, B and their difference; a dash where they are undefined."""
    from ..reports.comparison import difference_told

    if figure is None:
        return f"{'-':>7}{'-':>8}{'-':>9}"
    difference, interval = difference_told(figure).split(" ", 1)
    return f"{figure['a']:>7.3f}{figure['b']:>8.3f}{difference:>9} {interval}"
