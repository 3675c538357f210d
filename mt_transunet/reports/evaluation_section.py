# SPDX-License-Identifier: Apache-2.0
"""What an evaluation found: figures with intervals, the protocol, the worst and the best images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from mt_transunet import CLASS_NAMES
from mt_transunet.metrics.classification import CLASSIFICATION_FIGURES, SCORED_CLASSES
from mt_transunet.metrics.segmentation import SEGMENTATION_FIGURES
from mt_transunet.metrics.summary import calibration_sentence
from mt_transunet.reports.blocks import Facts, Figure, Gallery, Paragraph, Section, Table
from mt_transunet.reports.rows import number, read_rows, typed
from mt_transunet.reports.run_settings import in_words
from mt_transunet.run_files import METRICS, PER_IMAGE

_SHOWN_IMAGES = 6  # at each end

_FULL_NAMES = {
    "JA": "Jaccard index",
    "DI": "Dice index",
    "AC": "pixel accuracy",
    "SE": "sensitivity",
    "SP": "specificity",
}


def evaluation_sections(run_dir: Path) -> tuple[dict[str, Any], list[Section]]:
    """Headline and sections of a folder with ``metrics.json``; ``per_image.csv`` adds images when it is there."""
    metrics = json.loads((run_dir / METRICS).read_text(encoding="utf-8"))
    unit = f"{metrics['groups']} groups of images (patients, lesions)" if metrics.get("groups") else "images"
    blocks: list[Any] = [
        Paragraph(f"Each figure stands with its 95% interval over {unit}, if it has one; a dash is undefined.")
    ]
    if learned_from := metrics.get("protocol", {}).get("learned_from"):
        blocks.append(Paragraph(f"The weights learned from {learned_from} of these images: the figures are too good."))
    blocks += _segmentation(metrics.get("segmentation", {}))
    blocks += _by_diagnosis(metrics.get("by_diagnosis", {}))
    blocks += _classification(metrics.get("classification", {}))
    blocks += _calibration(metrics.get("calibration", {}))
    blocks += _folds(metrics.get("folds", []))
    if protocol := metrics.get("protocol"):
        blocks.append(Facts(in_words(protocol), caption="Protocol"))
    sections = [Section("Evaluation", blocks)]
    if (run_dir / PER_IMAGE).is_file():
        sections += _extremes(run_dir)
    return _headline(metrics), sections


def overlay_name(image_id: str) -> str:
    """Where an image's picture lies below its evaluation's folder: at the id, in folders as the id has them.

    An id that leads out of the folder (``/data/a``, ``../a``) gives a name of its last part and a hash of the whole.
    """
    path = PurePath(f"{image_id}_overlay.jpg")
    if not path.anchor and ".." not in path.parts:
        return path.as_posix()
    digest = hashlib.sha256(image_id.encode(errors="surrogateescape")).hexdigest()[:8]
    return f"{PurePath(image_id).name}.{digest}_overlay.jpg"


def _headline(metrics: Mapping[str, Any]) -> dict[str, Any]:
    figures = {
        "Mean Jaccard index": metrics.get("segmentation", {}).get("JA"),
        "Mean AUC": metrics.get("classification", {}).get("mean_AUC"),
    }
    return {name: figure["value"] for name, figure in figures.items() if figure}


def _segmentation(block: Mapping[str, Any]) -> list[Table]:
    if not block.get("n"):
        return []
    # Figures across, like every table of the field.
    row = {name: block.get(name) for name in SEGMENTATION_FIGURES}
    names = ", ".join(f"{short} {long}" for short, long in _FULL_NAMES.items())
    return [Table([row], caption=f"Segmentation, mean over {block['n']} images with a mask: {names}.")]


def _classification(block: Mapping[str, Any]) -> list[Table]:
    if not block.get("n"):
        return []
    rows = [
        {"class": name.replace("_", " ")} | {figure: block[name].get(figure) for figure in CLASSIFICATION_FIGURES}
        for name in SCORED_CLASSES
        if name in block
    ]
    rows.append({"class": "mean", "ACC": block.get("mean_ACC"), "AUC": block.get("mean_AUC")})
    caption = f"Classification, one class against the rest, {block['n']} images with a known class."
    return [Table(rows, columns=("class", *CLASSIFICATION_FIGURES), caption=caption)]


def _by_diagnosis(blocks: Mapping[str, Any]) -> list[Table]:
    rows = [
        {"class": name.replace("_", " "), "images": block["n"], "JA": block["JA"], "DI": block["DI"]}
        for name, block in blocks.items()
        if block["n"]
    ]
    return [Table(rows, caption="Segmentation by diagnosis, mean over the images of each class.")] if rows else []


def _folds(folds: Sequence[Mapping[str, Any]]) -> list[Table]:
    if not folds:
        return []
    rows = [{key.replace("_", " "): value for key, value in fold.items()} for fold in folds]
    return [Table(rows, caption="Fold by fold: how much the figures depend on what was trained on and judged by.")]


def _calibration(block: Mapping[str, Any]) -> list[Paragraph]:
    if block.get("ECE") is None:
        return []
    return [Paragraph(f"Calibration over {block['n']} images with a known class: {calibration_sentence(block)}.")]


def _extremes(run_dir: Path) -> list[Section]:
    rows = [typed(row) for row in read_rows(run_dir / PER_IMAGE)]
    scored = sorted((row for row in rows if number(row.get("JA")) is not None), key=lambda row: row["JA"])
    if not scored:
        return []
    # Never the same image at both ends.
    ends = min(_SHOWN_IMAGES, max(1, len(scored) // 2))
    overlays = find_overlays(run_dir, map(_name, rows))
    parts = (("Lowest Jaccard index", scored[:ends]), ("Highest Jaccard index", scored[::-1][:ends]))
    return [Section(heading, _pictured(part, overlays), level=3) for heading, part in parts[: len(scored)]]


def find_overlays(run_dir: Path, image_ids: Iterable[str]) -> dict[str, Path]:
    """Id -> its picture, of those that have one; of a cross-validation they lie in folders of the folds.

    A file belongs to the longest name that it ends with: that of ``P1/x`` is none of ``x``.
    """
    names = {overlay_name(image_id): image_id for image_id in image_ids}
    found: dict[str, Path] = {}
    for path in sorted(run_dir.rglob("*_overlay.jpg"), key=lambda path: (len(path.parts), path)):
        parts = path.relative_to(run_dir).parts
        tails = ("/".join(parts[start:]) for start in range(len(parts)))
        if name := next((tail for tail in tails if tail in names), None):
            found.setdefault(names[name], path)
    return found


def _pictured(rows: list[dict[str, Any]], overlays: Mapping[str, Path]) -> list[Gallery | Table]:
    """Overlays with their figures below; a table of the rows that have none."""
    paths = [overlays.get(_name(row)) for row in rows]
    figures = [
        Figure(path, caption=_caption(row), alt=f"overlay of {_name(row)}", long_side=1200)
        for row, path in zip(rows, paths)
        if path
    ]
    bare = [row for row, path in zip(rows, paths) if not path]
    return ([Gallery(figures, least_width=460)] if figures else []) + ([Table(bare)] if bare else [])


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("image_id") or Path(str(row.get("image") or "")).stem)


def _caption(row: Mapping[str, Any]) -> str:
    parts = [_name(row)] + [
        f"{figure} {row[figure]:.3f}" for figure in ("JA", "DI") if number(row.get(figure)) is not None
    ]
    label = row.get("label")
    if isinstance(label, int) and 0 <= label < len(CLASS_NAMES):
        parts.append(f"given: {CLASS_NAMES[label]}")
    chances = {name: row[name] for name in CLASS_NAMES if number(row.get(name)) is not None}
    if chances:
        likeliest_first = sorted(chances, key=chances.__getitem__, reverse=True)
        parts.append("answered: " + ", ".join(f"{name} {chances[name]:.2f}" for name in likeliest_first))
    return " \N{MIDDLE DOT} ".join(parts).replace("_keratosis", " keratosis")
