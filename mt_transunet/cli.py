# SPDX-License-Identifier: Apache-2.0
"""``mt-transunet``: the few verbs that ``python -m monai.bundle`` does not have."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from .commands.compare import add_compare
from .commands.cross_validation import add_crossvalidate
from .commands.datalist import add_datalist
from .commands.package import add_package
from .commands.pieces import add_join, add_split
from .commands.reproduce import add_reproduce
from .commands.ship import add_ship

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status (0 fine, 1 refused, 2 a wrong command line, 3 time is up, 130 Ctrl-C)."""
    parser = _parser()
    arguments, overrides = parser.parse_known_args(argv)
    if overrides and not getattr(arguments, "takes_overrides", False):
        parser.error(f"unrecognized arguments: {' '.join(overrides)}")
    arguments.overrides = overrides
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        return arguments.verb(arguments)
    except (ValueError, OSError, RuntimeError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mt-transunet", description=__doc__.replace("`", ""))
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    check = verbs.add_parser("check-data", help="list what a dataset holds, lacks and must have repaired")
    check.add_argument("dataset_dir", metavar="D", help="ISIC-2017 or PH2 folders, images, a datalist.json")
    check.add_argument("--additional_dir", help="images with a diagnosis only")
    check.set_defaults(verb=_check_data)

    add_datalist(verbs)

    demo = verbs.add_parser("demo", help="predict, evaluate and train on the built-in data in a few minutes")
    demo.add_argument("--output_dir", type=Path, default=Path("runs/demo"))
    demo.add_argument("--iterations", type=int, default=40, help="of training (default %(default)s)")
    demo.set_defaults(verb=_demo)

    app = verbs.add_parser("app", help="a page on this machine: drop an image, see all that is said of it")
    app.add_argument("--weights", default="lite", help="variant, file of weights or run folder (default %(default)s)")
    app.add_argument("--views", choices=("none", "fast", "paper"), default="fast")
    app.add_argument("--port", type=int, default=7860, help="on 127.0.0.1 (default %(default)s)")
    app.set_defaults(verb=_app)

    report = verbs.add_parser("report", help="write the page of a run folder")
    report.add_argument("run", metavar="RUN", help="output_dir of a training, evaluation or inference")
    report.set_defaults(verb=_report)

    for add in (add_reproduce, add_package, add_split, add_join, add_compare, add_crossvalidate, add_ship):
        add(verbs)
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


def _app(arguments: argparse.Namespace) -> int:
    from .app import run_app

    def ready(address: str) -> None:
        print(f"The page is at {address} , for this machine alone; Ctrl-C ends it.", flush=True)

    run_app(weights=arguments.weights, views=arguments.views, port=arguments.port, ready=ready)
    print("Stopped; nothing that was dropped on the page is left.")
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from .reports import write_report

    print(write_report(arguments.run).resolve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
