# SPDX-License-Identifier: Apache-2.0
"""The page of two evaluations side by side: figures, every image as a point, and the images that differ most."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mt_transunet import CLASS_NAMES
from mt_transunet.evaluation_protocol import differing_keys, shown_value
from mt_transunet.metrics.rows import known_label
from mt_transunet.reports.blocks import Figure, Gallery, Paragraph, Section, Table
from mt_transunet.reports.comparison_plot import Pair, comparison_plot
from mt_transunet.reports.evaluation_section import find_overlays
from mt_transunet.reports.page import write_page
from mt_transunet.reports.rows import number, read_rows, typed
from mt_transunet.run_files import METRICS, PER_IMAGE

__all__ = ["Evaluated", "cautions", "difference_told", "protocol_differences", "read_evaluated", "write_comparison"]

_SHOWN_IMAGES = 6  # in each direction


class Evaluated(NamedTuple):
    """What an evaluation has left."""

    folder: Path
    rows: list[dict[str, Any]]
    protocol: dict[str, Any]

    def overlays(self) -> dict[str, Path]:
        """Id of an image -> its picture, of those that have one."""
        return find_overlays(self.folder, [row["image_id"] for row in self.rows])

    def __str__(self) -> str:
        if not self.protocol:
            return str(self.folder)
        variant, split, views = (self.protocol.get(key) for key in ("variant", "split", "views"))
        return f"{self.folder} ({variant}, {split}, views {views})"


def read_evaluated(folder: Path) -> Evaluated:
    """Rows and protocol of an evaluation's folder; the protocol is empty where it is not there.

    Raises:
        ValueError: the folder holds no figures by image.
    """
    if not (folder / PER_IMAGE).is_file():
        raise ValueError(f"{folder} holds no {PER_IMAGE}; name the output_dir of an evaluation")
    metrics = folder / METRICS
    protocol = json.loads(metrics.read_text(encoding="utf-8")).get("protocol", {}) if metrics.is_file() else {}
    return Evaluated(folder, [typed(row) for row in read_rows(folder / PER_IMAGE)], protocol)


def protocol_differences(a: Evaluated, b: Evaluated) -> dict[str, tuple[str, str]]:
    """Setting -> what it was in A and in B; weights by their path, where that differs."""
    keys = differing_keys(a.protocol, b.protocol)
    keys = [key for key in keys if key != "weights_sha256" or "weights" not in keys]
    return {key: (shown_value(key, a.protocol[key]), shown_value(key, b.protocol[key])) for key in keys}


def cautions(a: Evaluated, b: Evaluated) -> list[str]:
    """A sentence for each evaluation whose weights learned from images that they were judged by."""
    seen = {name: one.protocol.get("learned_from") for name, one in (("A", a), ("B", b))}
    told = "The weights of {} learned from {} of these images: its figures are too good."
    return [told.format(name, count) for name, count in seen.items() if count]


def difference_told(figure: Mapping[str, float | None]) -> str:
    """``+0.022 [+0.007, +0.039]``; a dash for a bound that is undefined."""
    low, high = ("-" if figure[key] is None else f"{figure[key]:+.3f}" for key in ("low", "high"))
    return f"{figure['difference']:+.3f} [{low}, {high}]"


def write_comparison(path: Path, a: Evaluated, b: Evaluated, found: Mapping[str, Any]) -> Path:
    """Write the page.

    Args:
        path: of the HTML file.
        a, b: the evaluations.
        found: of ``paired_difference``.

    Returns:
        ``path``, replaced in one step.
    """
    in_b = {row["image_id"]: row for row in b.rows}
    pairs = [(row, in_b[row["image_id"]]) for row in a.rows if row["image_id"] in in_b]
    told = [
        f"A is {a}, B is {b}.",
        f"{found['n']} images are in both, {found['only_a']} in A alone, "
        f"{found['only_b']} in B alone. Intervals come from the choice of images, not from that of a seed.",
    ]
    blocks: list[Any] = [Paragraph(text) for text in [*told, *cautions(a, b)]]
    blocks += [_figures(found), _plots(pairs)]
    if differing := protocol_differences(a, b):
        rows = [
            {"they differ in": key.replace("_", " "), "A": of_a, "B": of_b} for key, (of_a, of_b) in differing.items()
        ]
        blocks.append(Table(rows))
    sections = [Section("Comparison", blocks), *_extremes(pairs, a, b), *_other_answers(pairs)]
    facts = {name: f"{found[key]['difference']:+.3f}" for key, name in _HEADLINE.items() if found.get(key)}
    return write_page(path, title="MT-TransUNet: two evaluations", facts=facts, sections=sections)


_HEADLINE = {"JA": "Mean Jaccard index, B - A", "mean_AUC": "Mean AUC, B - A"}


def _figures(found: Mapping[str, Any]) -> Table:
    figures = {name: figure for name, figure in found.items() if isinstance(figure, Mapping)}
    rows = [
        {
            "figure": name.replace("_", " "),
            "A": figure["a"],
            "B": figure["b"],
            "B - A [95% interval]": difference_told(figure),
        }
        for name, figure in figures.items()
    ]
    return Table(rows, caption="What nothing defines in both is left out.")


def _plots(pairs: Sequence[Pair]) -> Gallery:
    titles = {"JA": "Jaccard index", "melanoma": "Probability of melanoma"}
    plots = {title: comparison_plot(pairs, figure, title) for figure, title in titles.items()}
    return Gallery([Figure(plot, alt=f"{title}, A across, B upwards") for title, plot in plots.items() if plot])


def _extremes(pairs: Sequence[Pair], a: Evaluated, b: Evaluated) -> list[Section]:
    """The masks that changed most, with the overlays of both where both were drawn."""
    gains = [(row_b["JA"] - row_a["JA"], row_a, row_b) for row_a, row_b in pairs if _both(row_a, row_b, "JA")]
    gains.sort(key=lambda entry: entry[0])
    chosen = {
        "Masks that are better in B": [entry for entry in gains[::-1][:_SHOWN_IMAGES] if entry[0] > 0],
        "Masks that are worse in B": [entry for entry in gains[:_SHOWN_IMAGES] if entry[0] < 0],
    }
    pictures = a.overlays(), b.overlays()
    return [Section(title, _drawn(entries, pictures), level=3) for title, entries in chosen.items() if entries]


def _drawn(
    entries: list[tuple[float, Mapping, Mapping]], pictures: Sequence[Mapping[str, Path]]
) -> list[Table | Gallery]:
    rows, figures = [], []
    for gain, row_a, row_b in entries:
        name = row_a["image_id"]
        rows.append(
            {
                "image": name,
                "diagnosis": _in_words(_diagnosis(row_a)),
                "JA, A": row_a["JA"],
                "JA, B": row_b["JA"],
                "B - A": gain,
            }
        )
        overlays = [found.get(name) for found in pictures]
        if all(overlays):
            for letter, path, row in zip("AB", overlays, (row_a, row_b)):
                caption = f"{letter}: {name}, JA {row['JA']:.3f}"
                figures.append(Figure(path, caption=caption, alt=f"overlay of {name} in {letter}", long_side=1200))
    return [Table(rows), *([Gallery(figures, least_width=460)] if figures else [])]


def _other_answers(pairs: Sequence[Pair]) -> list[Section]:
    """The images whose likeliest diagnosis is right in one evaluation alone."""
    rows = []
    for a, b in pairs:
        if _diagnosis(a) is None or not all(_both(a, b, name) for name in CLASS_NAMES):
            continue
        answers = [max(CLASS_NAMES, key=row.__getitem__) for row in (a, b)]
        right = [answer == _diagnosis(a) for answer in answers]
        if right[0] != right[1]:
            told = {
                letter: f"{_in_words(answer)} {row[answer]:.2f}" for letter, answer, row in zip("AB", answers, (a, b))
            }
            rows.append(
                {
                    "image": a["image_id"],
                    "diagnosis": _in_words(_diagnosis(a)),
                    **told,
                    "right in": "AB"[right.index(True)],
                }
            )
    if not rows:
        return []
    better = sum(row["right in"] == "B" for row in rows)
    caption = f"Likeliest diagnosis with its probability: {better} right in B alone, {len(rows) - better} in A alone."
    return [Section("Diagnoses that are right in one alone", [Table(rows, caption=caption)], level=3)]


def _both(a: Mapping[str, Any], b: Mapping[str, Any], figure: str) -> bool:
    return number(a.get(figure)) is not None and number(b.get(figure)) is not None


def _diagnosis(row: Mapping[str, Any]) -> str | None:
    """Its name among CLASS_NAMES, None where it is not known."""
    label = known_label(row)
    return CLASS_NAMES[label] if label >= 0 else None


def _in_words(name: str | None) -> str | None:
    return name and name.replace("_", " ")
