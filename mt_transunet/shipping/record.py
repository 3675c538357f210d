# SPDX-License-Identifier: Apache-2.0
"""The record of shipped weights: how they were made, what was measured with them, where they fail."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import CLASS_NAMES
from ..metrics import SUSPECTED_FROM, operating_point
from ..metrics.classification import is_constant
from ..metrics.rows import groups_of, labelled_probabilities, labelled_rows
from ..networks import weights_hash
from ..quality import FEWEST_IMAGES, DicePredictor, TypicalImages
from ..reports.comparison import read_evaluated
from ..reports.rows import number, read_rows
from ..run_files import HISTORY, METRICS, RECORD
from ..seen_images import list_record

__all__ = [
    *("failures", "of_file", "of_protocol", "operating_points", "predicted_dice", "provenance"),
    "training_record",
]

Rows = Sequence[Mapping[str, Any]]
"""Of ``per_image.csv``, typed."""

FEWEST_MELANOMAS = 10
"""Nine of ten are to be found: of fewer, that is all of them."""

PROTOCOL = (
    *("variant", "weights_sha256", "split", "image_ids", "learned_from", "views", "sizes"),
    *("merge", "decision", "precision", "seed", "resamples"),
)


def training_record(run: Path) -> dict[str, Any]:
    """What one stage of training was told and what it took: settings, commit, versions, time.

    ``training_minutes`` counts the iterations alone, without validations and without what a killed run repeated.
    """
    record = json.loads((run / RECORD).read_text(encoding="utf-8"))
    history = read_rows(run / HISTORY)
    return {
        "settings": _without_names(record["settings"]),
        "commits": record.get("commits"),
        "versions": record["versions"],
        "threads": record.get("threads"),
        "precisions": record.get("precisions"),
        "training_minutes": round(sum(float(row["seconds"]) for row in history) / 60, 1),
        "validations": sum(row.get("val", "") != "" for row in history),
    }


def _without_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Folders may be called after people."""
    kept = {key: value for key, value in settings.items() if not key.endswith("_dir")}
    if "dataset" in kept:
        kept["dataset"] = [{key: root.get(key) for key in ("layout", "splits")} for root in kept["dataset"]]
    return kept


def provenance(
    weights: Path,
    *,
    variant: str,
    image_size: int,
    view_sizes: Sequence[int],
    runs: Mapping[str, Sequence[Path]],
    calibration: Mapping[str, Any] | None = None,
    held_out: Mapping[str, Path] | None = None,
    validation: Mapping[str, Path] | None = None,
    typical_images: TypicalImages | None = None,
) -> dict[str, Any]:
    """The record that stands beside shipped weights; what was not measured is None.

    Args:
        weights: the file to ship.
        variant: its network.
        image_size: side at which the network is used with one view or four; it may have been trained at another.
        view_sizes: sides of the eighteen test-time views.
        runs: stages in order, of ``all`` (what is shipped) and of each held-out fold.
        calibration: of :func:`held_out_calibration`.
        held_out: name of a fold -> evaluation of the recipe's network that did not see it.
        validation: preset of views -> evaluation of the shipped file itself on the validation split.
        typical_images: what the training images look like.
    """
    rows = {views: read_evaluated(folder).rows for views, folder in (validation or {}).items()}
    records = {name: [training_record(run) for run in stages] for name, stages in runs.items()}
    return {
        **of_file(weights, variant=variant, calibration=calibration),
        "image_size": image_size,
        "view_sizes": list(view_sizes),
        "operating_points": operating_points(rows) if rows else None,
        "validation": {views: _metrics(folder) for views, folder in validation.items()} if validation else None,
        "predicted_dice": predicted_dice(rows) if rows else None,
        "typical_images": typical_images.to_json() if typical_images else None,
        "failures": failures(validation["paper"]) if validation else None,
        "held_out": {name: _metrics(folder) for name, folder in held_out.items()} if held_out else None,
        "stages": records,
    }


def of_file(weights: Path, *, variant: str, calibration: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a record says of the file itself, whoever made it: ``calibration`` is None where none was fitted."""
    return {
        "sha256": weights_hash(weights),
        "bytes": weights.stat().st_size,
        "variant": variant,
        "format": "float16 state dict" + (", class_head divided by the temperature" if calibration else ""),
        "learned_from": list_record(weights),
        "calibration": dict(calibration) if calibration else None,
    }


def failures(evaluation: Path, *, count: int = 6) -> dict[str, list[dict[str, Any]]]:
    """The images an evaluation went most wrong on, worst first, by id and figures.

    Returns:
        ``masks``: the lowest Jaccard indices. ``classes``: the wrong diagnoses given with the highest probability.
    """
    rows = read_evaluated(evaluation).rows
    masked = sorted((row for row in rows if number(row.get("JA")) is not None), key=lambda row: row["JA"])
    wrong = []
    for row in rows:
        given = max(CLASS_NAMES, key=lambda name: row[name])
        if row["label"] >= 0 and given != CLASS_NAMES[row["label"]]:
            case = {"image_id": row["image_id"], "true": CLASS_NAMES[row["label"]], "given": given}
            wrong.append({**case, "probability": row[given]})
    wrong.sort(key=lambda case: -case["probability"])
    return {
        "masks": [{key: row[key] for key in ("image_id", "JA", "DI")} for row in masked[:count]],
        "classes": wrong[:count],
    }


def operating_points(evaluated: Mapping[str, Rows]) -> dict[str, Any]:
    """Per preset of views: where to cut the melanoma probability so that nine of ten melanomas lie above.

    Cut and figures come from the same images, so that on others fewer than nine of ten may be found. Fewer than ten
    melanomas, none that is no melanoma, or one answer for all images give no cut.
    """
    points: dict[str, Any] = {}
    melanoma = CLASS_NAMES.index("melanoma")
    for views, rows in evaluated.items():
        probabilities, labels = labelled_probabilities(rows)
        positive = labels == melanoma
        lesions = [row for row, is_melanoma in zip(labelled_rows(rows), positive) if is_melanoma]
        independent = len(set(groups_of(lesions) or range(len(lesions))))  # ten photographs of one patient are one
        if independent >= FEWEST_MELANOMAS and not positive.all() and not is_constant(probabilities):
            point = operating_point(probabilities[:, melanoma], positive, sensitivity=0.9)
            points[views] = {**point, "melanomas": int(positive.sum()), "others": int((~positive).sum())}
    return {SUSPECTED_FROM: points}


def predicted_dice(evaluated: Mapping[str, Rows]) -> dict[str, Any]:
    """Per preset of views: how the views' agreement, and that of mask and level set, tells the Dice of an image."""
    enough = {views: rows for views, rows in evaluated.items() if len(DicePredictor.usable(rows)) >= FEWEST_IMAGES}
    return {views: DicePredictor.fit(rows).to_json() for views, rows in enough.items()}


def of_protocol(protocol: Mapping[str, Any]) -> dict[str, Any]:
    """What a record keeps of an evaluation's protocol: no path of the machine it ran on."""
    return {key: protocol.get(key) for key in PROTOCOL}


def _metrics(folder: Path) -> dict[str, Any]:
    content = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    return {**content, "protocol": of_protocol(content["protocol"])}
