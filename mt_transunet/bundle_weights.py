# SPDX-License-Identifier: Apache-2.0
"""The weights a bundle folder serves, ``models/model.pt`` and its record: put there, and replaced."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events

from .atomic import write_bytes, write_json
from .networks import read_provenance, weights_hash
from .networks.provenance import trained_at, weights_file
from .networks.weights import identify, read_run
from .seen_images import ENDING, list_goes_along
from .shipping import ship_weights

__all__ = ["ORIGINAL", "SERVED", "ServeWhenTrained", "put_weights"]

SERVED = "model.pt"
"""Name in ``models/`` of the weights in use; MONAI Label and the model zoo know it."""

ORIGINAL = "original.pt"
"""Name in ``models/`` of the weights that the first training in place replaced."""

logger = logging.getLogger(__name__)


def put_weights(source: str | os.PathLike, bundle: str | os.PathLike, variant: str) -> Path:
    """Make a file of weights, or the model.pt of a run folder, the one that a bundle folder serves.

    Weights with a provenance record are copied with it, byte for byte. Others are written in half precision; their
    record holds what is known of them, hash, variant and sizes, and no measured figures. The weights that were there
    first stay beside them as ``original.pt``, with their record.

    Args:
        source: file or run folder.
        bundle: folder whose ``models/`` receives ``model.pt`` and ``model.json``.
        variant: that the bundle is of.

    Returns:
        The new ``model.pt``.

    Raises:
        ValueError: no such weights, or those of another network than the variant's.
    """
    source, served = Path(source), Path(bundle) / "models" / SERVED
    identity = identify(read_run(source))
    if identity is None or identity.variant != variant or not identity.has_own_layers:
        raise ValueError(f"{source} holds {identity or 'the weights of another network'}, not those of {variant!r}")
    replaced = _keep_original(served)
    record: dict[str, Any] | None = read_provenance(source)
    served.with_suffix(".json").unlink(
        missing_ok=True
    )  # a kill in between leaves weights without a record, not another's
    if record is None:
        ship_weights(weights_file(source), served)
        record = {"sha256": weights_hash(served), "variant": variant, **trained_at(source)}
    else:
        with list_goes_along(source, served):
            write_bytes(served, weights_file(source).read_bytes())
    write_json(served.with_suffix(".json"), record)
    if replaced:
        logger.info(f"{served} holds the weights of {source} now; those that came with the bundle are {ORIGINAL}")
    return served


class ServeWhenTrained:
    """Handler that makes the weights of a run those of its bundle once training has ended; a pause changes nothing.

    Attach it behind what writes them.

    Args:
        run, bundle, variant: ``source``, ``bundle`` and ``variant`` of :func:`put_weights`.
    """

    def __init__(self, run: str | os.PathLike, *, bundle: str | os.PathLike, variant: str) -> None:
        self.run, self.bundle, self.variant = run, bundle, variant

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        put_weights(self.run, self.bundle, self.variant)


def _keep_original(served: Path) -> bool:
    """Whether weights are about to be replaced; the first ever are copied then."""
    kept = served.with_name(ORIGINAL)
    if served.is_file() and not kept.exists():
        for ending in (".json", ENDING, ".pt"):  # the weights last: once they are there, nothing is kept again
            if served.with_suffix(ending).is_file():
                write_bytes(kept.with_suffix(ending), served.with_suffix(ending).read_bytes())
    return kept.exists()
