# SPDX-License-Identifier: Apache-2.0
"""The folder of a training: what an earlier run left there does not pass for this one's."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from ..run_files import HISTORY, MODEL, RECORD

__all__ = ["set_earlier_run_aside"]

logger = logging.getLogger(__name__)

EARLIER = "earlier"
_BESIDE = (RECORD, HISTORY, "model.images.txt")


def set_earlier_run_aside(folder: Path) -> None:
    """Move weights, list of images, history and record of an earlier run to ``folder/earlier``, a run's folder too.

    A new run writes its own record and list before its first weights: those of another run between them would pass for
    its own. What lay in ``earlier`` is replaced.
    """
    if not (folder / MODEL).is_file():
        (folder / HISTORY).unlink(missing_ok=True)
        return
    aside = folder / EARLIER
    aside.mkdir(exist_ok=True)
    for name in (MODEL, *_BESIDE):
        (aside / name).unlink(missing_ok=True)
    for name in (*_BESIDE, MODEL):  # killed in between, the weights are without a list
        if (folder / name).is_file():
            os.replace(folder / name, aside / name)
    logger.info(f"the weights of an earlier run are now in {aside}")
