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

_OF_OTHERS = """The figures are of a cross-validation: of {count} networks that were trained in the same way on parts of
the images, each judged by images it had not seen. This file is none of them; it learned from all of the images."""
_OF_ITSELF = "The figures are of the weights in this file, before they were rounded to half precision."
_CHOSEN = "**They flatter: of several states of the training these weights were the best by the very images below.**"
_UNMEASURED = """Nobody has measured how good these weights are, or left a record of it. Their probabilities are as
trained, no mask is flagged as doubtful, and no threshold says from where on melanoma is to be suspected."""

_READING = """Brackets are 95% intervals over images. The threshold was chosen and judged on the same images; on others
fewer than nine of ten melanomas may be found. An expected calibration error has to be read beside what chance shows of
a perfectly calibrated network on as many images."""


def own_card(record: Mapping[str, Any], name: str) -> str:
    """Markdown: what the weights are for, what they learned from, how good they are, and what nobody has written down.

    Args:
        record: of ``ship_own``; one without ``held_out`` gets a card that says that nothing was measured.
        name: of the file, for the heading.
    """
    learned = record.get("learned_from")
    images = f"{learned['images']} images" if learned else "How many images is not on record"
    parts = [
        f"# Model card: `{name}`",
        f"{NOT_A_DEVICE} {_FOR.format(variant=record['variant'])}",
        _UNSAID.format(images=images),
        "## How good it is",
    ]
    if not record.get("held_out"):
        return "\n\n".join([*parts, _UNMEASURED]) + "\n"
    count = sum(side.startswith("fold") for side in record["stages"])
    judged = [_OF_OTHERS.format(count=count) if record["judged_by_others"] else _OF_ITSELF]
    judged += [_CHOSEN] if record["chosen_on_these"] else []
    return "\n\n".join([*parts, " ".join(judged), card_tables(record).strip(), _READING]) + "\n"
