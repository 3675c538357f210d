# SPDX-License-Identifier: Apache-2.0
"""``mt-transunet``: the few verbs that ``python -m monai.bundle`` does not have."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .compare_command import add_compare
from .cross_validation_command import add_crossvalidate
from .datalist_command import add_datalist
from .ship_command import add_ship

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

    reproduce = verbs.add_parser("reproduce", help="make the shipped weights again from the data, with their record")
    reproduce.add_argument("variant", choices=("lite", "paper"))
    reproduce.add_argument("--dataset_dir", required=True, help="ISIC-2017, or a list of roots")
    reproduce.add_argument("--additional_dir", help="images with a diagnosis only")
    reproduce.add_argument("--pretrained_path", help="encoder start for paper")
    reproduce.add_argument(
        "--num_workers", type=int, default=2, help="processes that load images (default %(default)s)"
    )
    reproduce.add_argument("--output_dir", type=Path, help="default: runs/weights-VARIANT")
    reproduce.add_argument("--max_minutes", type=float, help="stop training then with status 3; the same call goes on")
    reproduce.set_defaults(verb=_reproduce)

    _add_file_verbs(verbs)
    return parser


def _add_file_verbs(verbs: Any) -> None:
    package = verbs.add_parser(
        "package", allow_abbrev=False, help="write a bundle that carries its code and weights, as folder and zip"
    )
    package.add_argument("variant", choices=("lite", "paper"))
    package.add_argument("out", metavar="OUT", type=Path, help="folder that receives both")
    package.add_argument("--weights", type=Path, help="file or run folder (default: the shipped weights)")
    package.add_argument("--linked", action="store_true", help="links to this clone's code, and no zip")
    package.add_argument("--hub", type=Path, help="folder for a copy as the Hugging Face hub gets it; nothing is sent")
    package.set_defaults(verb=_package)

    split = verbs.add_parser("split", help="cut a file, such as a checkpoint, into pieces that can be carried")
    split.add_argument("file", metavar="FILE")
    split.add_argument("folder", metavar="FOLDER", help="where the pieces and their list go")
    split.add_argument("--mebibytes", type=int, default=16, help="most that a piece may have (default %(default)s)")
    split.set_defaults(verb=_split)

    join = verbs.add_parser("join", help="put a file together again from its pieces, each of them checked")
    join.add_argument("folder", metavar="FOLDER", help="with the pieces and their list; or the list itself")
    join.add_argument("file", metavar="FILE", help="to write")
    join.set_defaults(verb=_join)

    add_compare(verbs)
    add_crossvalidate(verbs)
    add_ship(verbs)


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


def _reproduce(arguments: argparse.Namespace) -> int:
    from .training_runs import TimeIsUp
    from .weights_recipe import make_weights

    data = {key: getattr(arguments, key) for key in ("dataset_dir", "additional_dir", "pretrained_path")}
    try:
        weights = make_weights(
            arguments.variant,
            data=data,
            output_dir=arguments.output_dir or Path("runs") / f"weights-{arguments.variant}",
            machine={"num_workers": arguments.num_workers},
            max_minutes=arguments.max_minutes,
        )
    except TimeIsUp as reason:
        print(f"\nThe time is up ({reason}); give the same command again to go on.")
        return 3
    print(f"\n{weights.resolve()}")
    return 0


def _package(arguments: argparse.Namespace) -> int:
    from .packaging import BUNDLE_NAMES, package_bundle
    from .packaging.hub import require_free, write_hub_folder

    if arguments.linked and arguments.hub:
        raise ValueError("links to this clone are of no use on a hub; leave out --linked or --hub")
    if arguments.hub:
        require_free(arguments.hub / BUNDLE_NAMES[arguments.variant])
    paths = package_bundle(arguments.variant, arguments.out, weights=arguments.weights, linked=arguments.linked)
    for path in [*paths, *([write_hub_folder(paths[0], arguments.hub)] if arguments.hub else [])]:
        print(path.resolve())
    return 0


def _split(arguments: argparse.Namespace) -> int:
    from .pieces import split

    for path in split(arguments.file, arguments.folder, arguments.mebibytes * 2**20):
        print(path)
    return 0


def _join(arguments: argparse.Namespace) -> int:
    from .pieces import join

    print(join(arguments.folder, arguments.file).resolve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
