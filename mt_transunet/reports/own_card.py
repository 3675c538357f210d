# SPDX-License-Identifier: Apache-2.0
"""The model card of weights of one's own, from their record alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mt_transunet.notice import NOT_A_DEVICE
from mt_transunet.reports.card import card_tables

__all__ = ["own_card"]

_FOR = """A network of MT-TransUNet's variant `{variant}`: it outlines a lesion in a dermoscopic photograph and weighs
three diagnoses, nevus, melanoma and seborrheic keratosis. Whatever else is shown gets one of the three names."""

_UNSAID = """## What it has learned from

{images}. **Where they come from, whom they show, with what camera they were taken and who named the diagnoses is
not on record: whoever gives these weights away has to write it here.**"""

_STARTED = "Training went on from the weights with SHA-256 `{hash}...`; their images are counted too where known."

_OF_OTHERS = """The figures are of a cross-validation: of {count} networks that were trained in the same way on parts of
the images, each judged by a part it was not trained on. This file is none of them; it learned from all of them."""
_OF_ITSELF = "The figures are of the weights in this file, before they were rounded to half precision."
_OF_RECIPE = """Rows that begin with `validation` are of this file, those that begin with `held-out` of networks that
were trained in the same way and had not seen that fold."""
_CHOSEN = {
    True: "**They flatter: of several states of the training these weights were the best by the very images below.**",
    None: """**These weights were the best of several states of the training by its validation images; whether those are
among the images below is not on record.**""",
    False: "",
}
_UNKNOWN = "**Nobody knows whether the weights that training started from had learned from these images.**"
_UNMEASURED = """Nobody has measured how good these weights are, or left a record of it. Their probabilities are as
trained, no mask is flagged as doubtful, and no threshold says from where on melanoma is to be suspected."""

_READING = """Brackets are 95% intervals over {unit}. An expected calibration error has to be read beside what chance
shows of a perfectly calibrated network on as many images."""
_IMAGES = """images, each image taken as independent of the others: of several images of one patient they are too
narrow"""
_GROUPS = "groups of images: those of one patient or lesion are drawn together"
_TEMPERATURE = "The temperature was fitted to these images."
_THRESHOLD = """The threshold was fitted to these images. Of other melanomas fewer are found than here: about as many as
the table expects, if this very network was judged and was not chosen by these images. Otherwise fewer still."""


def own_card(record: Mapping[str, Any], name: str) -> str:
    """Markdown: what the weights are for, what they learned from, how good they are, and what nobody has written down.

    Args:
        record: of ``ship_own``, or of a recipe; one without figures gets a card that says that nothing was measured.
        name: of the file, for the heading.
    """
    learned = record.get("learned_from")
    images = f"{learned['images']} images" if learned else "How many images is not on record"
    parts = [
        f"# Model card: `{name}`",
        f"{NOT_A_DEVICE}\n{_FOR.format(variant=record['variant'])}",
        _UNSAID.format(images=images),
        *_started(record),
        "## How good it is",
    ]
    if not (record.get("held_out") or record.get("validation")):
        return "\n\n".join([*parts, _UNMEASURED]) + "\n"
    read = " ".join([_READING.format(unit=_unit(record)), *_fitted(record)])
    return "\n\n".join([*parts, " ".join(_judged(record)), card_tables(record).strip(), read]) + "\n"


def _unit(record: Mapping[str, Any]) -> str:
    """What the bootstrap drew."""
    found = [*(record.get("held_out") or {}).values(), *(record.get("validation") or {}).values()]
    return _GROUPS if any(block.get("groups") for block in found) else _IMAGES


def _fitted(record: Mapping[str, Any]) -> list[str]:
    """What was fitted to the images of the figures, a sentence each."""
    temperature = (record.get("calibration") or {}).get("temperature", 1.0)
    has_threshold = any((record.get("operating_points") or {}).values())
    return [_TEMPERATURE] * (temperature != 1.0) + [_THRESHOLD] * has_threshold


def _started(record: Mapping[str, Any]) -> list[str]:
    stages = (record.get("stages") or {}).get("all") or [{"settings": {}}]
    start = stages[0]["settings"].get("initial_weights")
    return [_STARTED.format(hash=str(start)[:12])] if start else []


def _judged(record: Mapping[str, Any]) -> list[str]:
    """What was judged, and what speaks against the figures."""
    if "judged_by_others" not in record:
        return [_OF_RECIPE]
    count = sum(side.startswith("fold") for side in record["stages"])
    told = [_OF_OTHERS.format(count=count) if record["judged_by_others"] else _OF_ITSELF]
    told += filter(None, [_CHOSEN[record["chosen_on_these"]]])
    seen = [found["protocol"].get("learned_from", 0) for found in record["held_out"].values()]
    return [*told, _UNKNOWN] if None in seen else told
