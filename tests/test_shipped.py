# SPDX-License-Identifier: Apache-2.0
"""The weights in the repository are what their record, the model card, the README and the metadata say of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from mt_transunet import load_network
from mt_transunet.networks import VARIANTS, read_provenance, shipped_weights, weights_hash
from mt_transunet.reports.card import card_tables, failure_tables, summary_rows

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = [variant for variant in VARIANTS if shipped_weights(variant).is_file()]


@pytest.fixture(params=SHIPPED)
def weights(request) -> Path:
    return shipped_weights(request.param)


def between(document: Path, name: str) -> str:
    """What stands between the markers of a generated part."""
    return document.read_text().split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->")[0]


def test_lite_ships():
    assert "lite" in SHIPPED


def test_the_file_is_the_one_of_its_record(weights):
    record = read_provenance(weights)
    assert record["sha256"] == weights_hash(weights) and record["bytes"] == weights.stat().st_size <= 25_000_000


def test_the_file_is_a_plain_half_precision_state_dict(weights):
    state = torch.load(weights, weights_only=True)
    assert {value.dtype for value in state.values()} <= {torch.float16, torch.int64}


def test_the_network_loads_by_its_name_with_the_size_of_the_record(weights):
    assert load_network(weights.stem).image_size == read_provenance(weights)["image_size"]


def test_the_record_says_with_which_images_and_which_code_it_was_made(weights):
    for stages in read_provenance(weights)["stages"].values():
        for stage in stages:
            assert {"training", "validation"} <= stage["settings"]["image_ids"].keys()
            assert stage["settings"]["seed"] >= 0 and stage["versions"]["torch"]
            assert stage["commits"] and not any("+changes" in commit for commit in stage["commits"])


def test_every_figure_of_the_record_was_measured_on_the_file_itself(weights):
    record = read_provenance(weights)
    assert record["validation"].keys() == {"none", "fast", "paper"}
    for found in record["validation"].values():
        assert found["protocol"]["weights_sha256"] == record["sha256"]
        assert found["protocol"]["split"] == "val" and found["segmentation"]["n"] == 150


def test_the_record_names_no_place_of_a_machine(weights):
    text = weights.with_suffix(".json").read_text()
    assert '"/' not in text and '"..' not in text and '"~' not in text  # no text of it begins like a path


def test_the_model_card_shows_the_record(weights):
    record = read_provenance(weights)
    card = ROOT / "bundle" / "docs" / "model_card.md"
    assert between(card, "figures") == card_tables(record)
    assert between(card, "failures") == failure_tables(record)


def test_the_readme_shows_the_record(weights):
    rows = summary_rows(read_provenance(weights))
    assert rows and all(row in between(ROOT / "README.md", "figures").splitlines() for row in rows)


def test_the_metadata_shows_the_record():
    metadata = json.loads((ROOT / "bundle" / "configs" / "metadata.json").read_text())
    found = read_provenance(shipped_weights("lite"))["validation"]["paper"]
    expected = {
        "mean_jaccard": found["segmentation"]["JA"],
        "mean_dice": found["segmentation"]["DI"],
        "melanoma_auc": found["classification"]["melanoma"]["AUC"],
        "seborrheic_keratosis_auc": found["classification"]["seborrheic_keratosis"]["AUC"],
    }
    assert metadata["eval_metrics"] == {
        f"validation_18_views_{name}": round(figure["value"], 3) for name, figure in expected.items()
    }
