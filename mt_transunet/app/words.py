# SPDX-License-Identifier: Apache-2.0
"""The page's text: findings in plain words, as HTML in which whatever a file brings along is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2

from .. import CLASS_NAMES, __version__
from ..notice import NOT_A_DEVICE, NOT_FOR
from ..quality import FLAGS, flag_words

__all__ = ["findings_html", "footer_html", "header_html", "legend_html", "refusal_html"]

SUSPECTED = (
    "Its probability reaches the value from which on nine of ten melanomas of the validation images were found. It is "
    "raised for many nevi as well."
)
CALIBRATED = "Calibrated: a temperature was fitted to them on images held out of training."
UNCALIBRATED = (
    "Not calibrated: no temperature was fitted to these weights. They rank images; they are no chances of a disease."
)

_MEASURED = (
    ("longest", "longest diameter", ""),
    ("area", "area", ""),
    ("lesion_fraction", "share of the image", "of 1"),
    ("asymmetry", "asymmetry", "0 symmetric, 1 not at all"),
    ("border_irregularity", "border irregularity", "1 for a disc"),
    ("colour_variegation", "colour variegation", "0 for one colour"),
    ("colours", "colours of the ABCD rule", "of 6"),
)
_CONFIDENCE = (
    ("predicted_dice", "Dice to expect of the mask", "1 is perfect"),
    ("agreement", "agreement of the views", "1 is full"),
    ("consistency", "agreement of mask and level set", "1 is full"),
)

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("mt_transunet.app", package_path=""),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def header_html() -> str:
    """Name and notice at the top of the page."""
    return _templates.get_template("header.html").render(not_a_device=NOT_A_DEVICE, not_for=NOT_FOR)


def legend_html() -> str:
    """What the four panels show."""
    return _templates.get_template("legend.html").render()


def footer_html(weights: str, views: str) -> str:
    """What answers: the weights and views that were chosen."""
    return _templates.from_string(
        "<footer>MT-TransUNet {{ version }}, weights <b>{{ weights }}</b>, views <b>{{ views }}</b>. Computed on this "
        "machine; nothing is sent to or fetched from another.</footer>"
    ).render(version=__version__, weights=weights, views=views)


def findings_html(row: Mapping[str, Any], *, name: str, size: tuple[int, ...], calibrated: bool) -> str:
    """Probabilities, flags and measurements of an image.

    Args:
        row: as ``Analysis.row``.
        name: of the file.
        size: height and width in pixels.
        calibrated: whether a temperature was fitted to the network's probabilities.
    """
    # a single view agrees with itself
    known = {key for key, *_ in _CONFIDENCE} - ({"agreement"} if row.get("spread") == 0 else set())
    return _templates.get_template("findings.html").render(
        name=name,
        height=size[0],
        width=size[1],
        probabilities=[(class_name.replace("_", " "), row[class_name]) for class_name in CLASS_NAMES],
        calibration=CALIBRATED if calibrated else UNCALIBRATED,
        flags=_flags(row),
        measured=[(words, *_value(row, key), note) for key, words, note in _MEASURED],
        confidence=[(words, *_value(row, key), note) for key, words, note in _CONFIDENCE if key in known],
    )


def refusal_html(name: str, reason: str) -> str:
    """What is said of a file that is no readable image."""
    return _templates.from_string(
        '<div class="said refused" role="alert"><b>{{ name }}</b> cannot be read as an image: {{ reason }}. '
        "Give another file: JPEG, PNG, TIFF, BMP or DICOM.</div>"
    ).render(name=name, reason=reason)


def _flags(row: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """Words, meaning, and whether it is the suspicion of a melanoma."""
    suspected = [("melanoma suspected", SUSPECTED, True)] if row["melanoma_suspected"] else []
    return suspected + [(flag_words(name), FLAGS[name], False) for name in row["flags"]]


def _value(row: Mapping[str, Any], key: str) -> tuple[str, str]:
    """A number as it is read, with its unit."""
    for unit, suffix in (("mm", "_mm"), ("mm\N{SUPERSCRIPT TWO}", "_mm2"), ("px", "_px"), ("", "")):
        if (value := row.get(key + suffix)) is not None:
            return _shown(value, whole=unit == "px"), unit
    return "not known", ""


def _shown(value: float, *, whole: bool) -> str:
    if isinstance(value, int) or whole:
        return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"
