# SPDX-License-Identifier: Apache-2.0
"""A second evaluation into a folder: of the same protocol or of another."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from mt_transunet.engines import EvaluationWriter
from mt_transunet.engines.evaluation_folder import refuse_another_evaluation

PROTOCOL = {
    "weights": "runs/a/model.pt",
    "weights_sha256": "a" * 64,
    "split": "val",
    "only": None,
    "dataset_dir": "ISIC2017",
    "views": "none",
    "sizes": [224],
}


def evaluate(folder, fire, state_of, seen=(), **protocol):
    """One evaluation of one image; ``seen`` takes a note of it."""
    figures = dict.fromkeys(("JA", "DI", "AC", "SE", "SP"), 0.5)
    row = {"image_id": "a", **figures, "label": 1, "nevus": 0.2, "melanoma": 0.7, "seborrheic_keratosis": 0.1}
    metric = SimpleNamespace(rows=[])
    writer = EvaluationWriter(folder, metric=metric, protocol={**PROTOCOL, **protocol}, resamples=3, pictures=0)

    def note():
        metric.rows.append(row)
        if isinstance(seen, list):
            seen.append(protocol)

    fire(writer, [tuple([part] for part in state_of("x", image_id="a"))], before=note)


def test_the_same_evaluation_again_replaces_the_first(tmp_path, fire, state_of):
    evaluate(tmp_path, fire, state_of)
    (tmp_path / "per_image.csv").unlink()
    evaluate(tmp_path, fire, state_of)
    assert (tmp_path / "per_image.csv").is_file()


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"split": "test"}, r"split 'val' there, 'test' now"),
        (
            {"views": "fast", "sizes": [192, 224]},
            r"views 'none' there, 'fast' now; sizes \[224\] there, \[192, 224\] now",
        ),
        ({"only": ["a"]}, r"only None there, \['a'\] now"),
        ({"dataset_dir": "OTHER"}, "dataset_dir 'ISIC2017' there, 'OTHER' now"),
        (
            {"weights": "runs/b/model.pt", "weights_sha256": "b" * 64},
            "weights 'runs/a/model.pt' there, 'runs/b/model.pt' now; weights_sha256 'a+... there, 'b+... now",
        ),
        ({"weights_sha256": ["a" * 64, "b" * 64]}, r"weights_sha256 'a+... there, \['a+... now"),
    ],
)
def test_another_evaluation_is_refused_before_its_first_image(tmp_path, fire, state_of, changed, told):
    evaluate(tmp_path, fire, state_of)
    before = (tmp_path / "metrics.json").read_bytes()
    seen: list = []
    with pytest.raises(ValueError, match=rf"{tmp_path} holds another evaluation \({told}\): name another --outp"):
        evaluate(tmp_path, fire, state_of, seen, **changed)
    assert seen == [] and (tmp_path / "metrics.json").read_bytes() == before


def test_the_same_weights_may_lie_elsewhere_and_paths_be_spelled_otherwise(tmp_path, fire, state_of, monkeypatch):
    evaluate(tmp_path, fire, state_of)
    evaluate(tmp_path, fire, state_of, weights="copy.pt", dataset_dir=str(Path("ISIC2017").resolve()))
    assert json.loads((tmp_path / "metrics.json").read_text())["protocol"]["weights"] == "copy.pt"


def test_what_an_older_file_does_not_tell_is_not_compared(tmp_path):
    (tmp_path / "metrics.json").write_text(json.dumps({"protocol": {"split": "val", "of an older version": 1}}))
    refuse_another_evaluation(tmp_path, PROTOCOL)
    with pytest.raises(ValueError, match=r"\(split 'val' there, 'test' now\)"):
        refuse_another_evaluation(tmp_path, {**PROTOCOL, "split": "test"})


def test_values_that_json_does_not_know_are_compared_as_they_are_written(tmp_path):
    protocol = {"sizes": (192, 224), "place": Path("x")}
    (tmp_path / "metrics.json").write_text(json.dumps({"protocol": {"sizes": [192, 224], "place": "x"}}))
    refuse_another_evaluation(tmp_path, protocol)


@pytest.mark.parametrize("content", [b"", b"\xff{", b"[1]", b'{"accuracy": 1}', b'{"protocol": null}'])
def test_a_file_that_tells_no_protocol_is_not_replaced(tmp_path, content):
    (tmp_path / "metrics.json").write_bytes(content)
    with pytest.raises(
        ValueError, match="metrics.json does not tell what was evaluated: name another --output_dir, or"
    ):
        refuse_another_evaluation(tmp_path, PROTOCOL)
