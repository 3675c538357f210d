# SPDX-License-Identifier: Apache-2.0
"""``mt-transunet reproduce``: its options, and what it prints."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

__all__ = ["add_reproduce"]


def add_reproduce(verbs: Any) -> None:
    """Add the verb to the command line's verbs."""
    parser = verbs.add_parser("reproduce", help="make the shipped weights again from the data, with their record")
    parser.add_argument("variant", choices=("lite", "paper"))
    parser.add_argument("--dataset_dir", required=True, help="ISIC-2017, or a list of roots")
    parser.add_argument("--additional_dir", help="images with a diagnosis only")
    parser.add_argument("--pretrained_path", help="encoder start for paper")
    parser.add_argument("--num_workers", type=int, default=2, help="processes that load images (default %(default)s)")
    parser.add_argument("--output_dir", type=Path, help="default: runs/weights-VARIANT")
    parser.add_argument("--max_minutes", type=float, help="stop training then with status 3; the same call goes on")
    parser.set_defaults(verb=_reproduce)


def _reproduce(arguments: argparse.Namespace) -> int:
    from ..shipping import make_weights
    from ..training_runs import TimeIsUp

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
