# SPDX-License-Identifier: Apache-2.0
"""``mt-transunet``: the few verbs that ``python -m monai.bundle`` does not have."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status (0 fine, 1 refused, 2 a wrong command line)."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        return arguments.verb(arguments)
    except (ValueError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mt-transunet", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    check = verbs.add_parser("check-data", help="list what a dataset holds, lacks and must have repaired")
    check.add_argument("dataset_dir", metavar="D", help="ISIC-2017 or PH2 folders, images, a datalist.json")
    check.add_argument("--additional_dir", help="images with a diagnosis only")
    check.set_defaults(verb=_check_data)

    demo = verbs.add_parser("demo", help="train, evaluate and predict on the built-in data in a few minutes")
    demo.add_argument("--output_dir", type=Path, default=Path("runs/demo"))
    demo.add_argument("--iterations", type=int, default=60, help="of training (default %(default)s)")
    demo.set_defaults(verb=_demo)

    report = verbs.add_parser("report", help="write the page of a run folder")
    report.add_argument("run", metavar="RUN", help="output_dir of a training, evaluation or inference")
    report.set_defaults(verb=_report)
    return parser


# The verbs import what they need: --help answers at once.


def _check_data(arguments: argparse.Namespace) -> int:
    from .data import check_data

    report = check_data(arguments.dataset_dir, arguments.additional_dir)
    print(report)
    return 0 if report.ok else 1


def _demo(arguments: argparse.Namespace) -> int:
    from .demo import run_demo

    print(f"\nThe page of this run: {run_demo(arguments.output_dir, iterations=arguments.iterations).resolve()}")
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from .reports import write_report

    print(write_report(arguments.run).resolve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
