# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest
import torch

from mt_transunet.networks import load_network, weights_hash
from mt_transunet.seen_images import ENDING, learned_from
from mt_transunet.shipping import average_weights, ship_weights, weights_file, write_shipped


def test_shipped_weights_are_half_precision_and_plain_tensors(model, tmp_path):
    state = torch.load(ship_weights(model, tmp_path / "lite.pt"), weights_only=True)
    assert {value.dtype for value in state.values()} == {torch.float16, torch.int64}


def test_the_temperature_divides_the_class_logits_and_nothing_else(model, tmp_path):
    plain = load_network(ship_weights(model, tmp_path / "plain.pt"))
    cooled = load_network(ship_weights(model, tmp_path / "cooled.pt", temperature=2.0))
    image = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        before, after = plain(image), cooled(image)
    torch.testing.assert_close(after["class_logits"], before["class_logits"] / 2, rtol=2e-3, atol=1e-4)
    assert torch.equal(after["mask_logits"], before["mask_logits"])


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_not_positive_is_refused(model, tmp_path, temperature):
    with pytest.raises(ValueError, match="temperature must be positive"):
        ship_weights(model, tmp_path / "lite.pt", temperature=temperature)


def test_a_weight_too_large_for_half_precision_is_named(model, tmp_path):
    state = torch.load(model)
    state["mask_head.weight"] += 1e6
    torch.save(state, model)
    with pytest.raises(ValueError, match="mask_head.weight does not fit into float16"):
        ship_weights(model, tmp_path / "lite.pt")


def test_the_mean_of_weights_is_taken_entry_by_entry(tmp_path):
    for name, value in (("a", 1.0), ("b", 4.0), ("c", 4.0)):
        torch.save({"w": torch.full((2,), value), "n": torch.tensor(int(value))}, tmp_path / f"{name}.pt")
    mean = torch.load(average_weights([tmp_path / f"{name}.pt" for name in "abc"], tmp_path / "mean.pt"))
    assert mean["w"].tolist() == [3.0, 3.0] and mean["n"] == 1


def test_networks_that_differ_have_no_mean(tmp_path):
    torch.save({"w": torch.zeros(2)}, tmp_path / "a.pt")
    torch.save({"w": torch.zeros(3)}, tmp_path / "b.pt")
    with pytest.raises(ValueError, match="are not of one network"):
        average_weights([tmp_path / "a.pt", tmp_path / "b.pt"], tmp_path / "mean.pt")


def test_the_list_of_images_goes_with_the_weights_to_their_last_name(model, tmp_path):
    model.with_suffix(ENDING).write_text("0123456789ab\n")
    candidate = ship_weights(average_weights([model, model], tmp_path / "mean.pt"), tmp_path / "candidate.pt")
    weights = write_shipped(candidate, tmp_path / "out.pt", {"sha256": weights_hash(candidate)})
    assert learned_from(weights) == {"0123456789ab"}
    unknown = ship_weights(average_weights([weights], tmp_path / "again.pt"), tmp_path / "unknown.pt")
    unknown.with_suffix(ENDING).unlink()
    assert learned_from(write_shipped(unknown, weights, {"sha256": weights_hash(unknown)})) is None


def test_the_candidate_gets_its_name_and_its_record(tmp_path):
    (tmp_path / "candidate.pt").write_bytes(b"weights")
    path = write_shipped(tmp_path / "candidate.pt", tmp_path / "lite.pt", {"sha256": "abc"})
    assert path.read_bytes() == b"weights" and not (tmp_path / "candidate.pt").exists()
    assert json.loads((tmp_path / "lite.json").read_text()) == {"sha256": "abc"}


def test_of_a_file_too_large_for_a_bundle_it_is_said_what_to_do(tmp_path, monkeypatch, caplog):
    (tmp_path / "candidate.pt").write_bytes(b"weights")
    monkeypatch.setattr(weights_file, "LARGEST", 6)
    write_shipped(tmp_path / "candidate.pt", tmp_path / "lite.pt", {})
    assert "lite.pt has 7 bytes: the model zoo takes 6 in a bundle" in caplog.text
