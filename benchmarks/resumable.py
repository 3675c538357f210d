# SPDX-License-Identifier: Apache-2.0
"""Folders of finished runs that a killed simulation goes on with."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence

from mt_transunet.atomic import write_json

__all__ = ["keep_settings"]


def keep_settings(options: Namespace, free: Sequence[str]) -> None:
    """Write down what all runs of the folder ``options.out`` have in common: the options that are not ``free``.

    Raises:
        SystemExit: the folder holds runs with other settings, which are not mixed in.
    """
    settings = {key: value for key, value in vars(options).items() if key not in free}
    path = options.out / "settings.json"
    if path.exists() and (old := json.loads(path.read_text())) != settings:
        different = [key for key in settings if old.get(key) != settings[key]]
        raise SystemExit(f"{options.out} holds rounds with other {', '.join(different)}; name another folder")
    write_json(path, settings)
