# SPDX-License-Identifier: Apache-2.0
"""Which evaluations say how good weights are on images they have not seen."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

from mt_transunet.networks import weights_hash
from mt_transunet.seen_images import ENDING
from mt_transunet.shipping.judgement import read_judgement

PROBABILITIES, LABELS = np.array([[0.7, 0.2, 0.1]]), np.array([0])


def test_an_evaluation_of_the_run_itself_is_read(run, judge):
    found = read_judgement(run, judge(PROBABILITIES, LABELS))
    assert [row["image_id"] for row in found.rows] == ["i0"]
    assert found.protocol["split"] == "val" and found.trainings == []


def test_an_evaluation_of_other_weights_is_refused(run, judge):
    with pytest.raises(ValueError, match="evaluation judged /home/somebody/x.pt, not the weights of .*run; do that"):
        read_judgement(run, judge(PROBABILITIES, LABELS, weights_sha256="abc"))


def test_an_evaluation_of_images_the_weights_learned_from_is_refused(run, judge):
    with pytest.raises(ValueError, match="learned from 3 of the images that .*evaluation judged them by"):
        read_judgement(run, judge(PROBABILITIES, LABELS, learned_from=3))


def test_where_nobody_knows_what_the_weights_learned_from_it_is_said(run, judge, caplog):
    read_judgement(run, judge(PROBABILITIES, LABELS, learned_from=None))
    assert "nobody knows whether the weights learned from the images they were judged by" in caplog.text


@pytest.mark.parametrize(
    "further, told",
    [
        ({"decision": "half"}, "decision 'half', not 'jaccard'"),
        ({"merge": "probabilities"}, "merge 'probabilities', not 'logits'"),
        ({"hair_removal": True}, "hair_removal True, not False"),
        ({"precision": "bf16"}, "precision 'bf16', not 'fp32'"),
        ({"only": ["i0"]}, r"only \['i0'\], not None"),
        ({"symmetries": ["identity"]}, "symmetries of its own"),
        ({"sizes": [32, 48]}, "views 'fast' at the sizes 32, 48, not at one"),
    ],
)
def test_what_inference_does_not_do_by_default_is_refused(run, judge, further, told):
    with pytest.raises(ValueError, match=f"was made with {told}, which inference does not do"):
        read_judgement(run, judge(PROBABILITIES, LABELS, **further))


def test_a_folder_without_figures_is_named(run, tmp_path):
    with pytest.raises(ValueError, match="holds no per_image.csv; name the output_dir of an evaluation"):
        read_judgement(run, tmp_path)


def test_figures_by_image_alone_do_not_say_what_was_judged(run, judge):
    evaluation = judge(PROBABILITIES, LABELS)
    (evaluation / "metrics.json").unlink()
    with pytest.raises(ValueError, match="holds no metrics.json, so nothing says what was judged"):
        read_judgement(run, evaluation)


@pytest.fixture
def cross_validation(run, judge, tell):
    """Of two folds: what the run learned from is parted into the hashes a and b."""
    hashes = [weights_hash(run)] * 2
    evaluation = judge(PROBABILITIES, LABELS, split="2 folds of the training images", weights_sha256=hashes)
    metrics = json.loads((evaluation / "metrics.json").read_text())
    (evaluation / "metrics.json").write_text(json.dumps({**metrics, "folds": [{}, {}]}))
    (run / f"model{ENDING}").write_text("a\nb\n")
    for fold, digest in enumerate("ab"):
        training = shutil.copytree(run, evaluation / "folds" / str(fold) / "training")
        (training / f"model{ENDING}").write_text(f"{digest}\n")
        tell(training, fold=fold, num_folds=2, images={"training": 1})
    return evaluation


def test_a_cross_validation_of_the_same_training_is_read(run, cross_validation):
    found = read_judgement(run, cross_validation)
    assert [training.parent.name for training in found.trainings] == ["0", "1"]


def test_one_of_another_training_is_refused_by_what_differs(run, cross_validation, tell):
    tell(run, keep="best", image_size=48)
    with pytest.raises(ValueError, match=r"\(image_size 48 and 32; keep 'best' and 'last'\); train alike, or"):
        read_judgement(run, cross_validation)


def test_an_optimizer_that_one_record_alone_tells_is_no_difference(run, cross_validation, tell):
    tell(run, optimizer="AdamW(lr=[0.1])")
    read_judgement(run, cross_validation)


def test_another_optimizer_is_refused(run, cross_validation, tell):
    for number, folder in enumerate((run, *(cross_validation / "folds" / fold / "training" for fold in "01"))):
        tell(folder, optimizer="AdamW(lr=[0.1])" if number else "SGD(lr=[0.1])")
    with pytest.raises(ValueError, match=r"\(optimizer 'SGD\(lr=\[0.1\]\)' and 'AdamW"):
        read_judgement(run, cross_validation)


def test_one_of_other_images_is_refused(run, cross_validation):
    (run / f"model{ENDING}").write_text("a\nb\nc\n")
    with pytest.raises(ValueError, match="run did not learn from the images that the cross-validation parted"):
        read_judgement(run, cross_validation)


def test_one_whose_images_nobody_knows_is_refused(run, cross_validation):
    for folder in (run, *(cross_validation / "folds" / fold / "training" for fold in "01")):
        (folder / f"model{ENDING}").unlink()
    with pytest.raises(ValueError, match="parted, or nobody knows"):
        read_judgement(run, cross_validation)


def test_the_training_of_any_fold_may_be_the_one_that_differs(run, cross_validation, tell):
    tell(cross_validation / "folds" / "1" / "training", seed=4)
    with pytest.raises(ValueError, match=r"folds/1/training are not the same training \(seed 3 and 4\)"):
        read_judgement(run, cross_validation)


def test_figures_of_networks_that_were_trained_again_since_are_refused(run, cross_validation):
    model = cross_validation / "folds" / "1" / "training" / "model.pt"
    torch.save({"other": torch.zeros(1)}, model)
    with pytest.raises(ValueError, match="not the weights of .*folds/0/training, .*folds/1/training; do that"):
        read_judgement(run, cross_validation)


def test_a_run_that_has_not_ended_is_refused(run, cross_validation, tell):
    tell(run, iterations=6)
    with pytest.raises(
        ValueError, match="run has done 4 of 6 iterations, its cross-validation all; give its command again, or train"
    ):
        read_judgement(run, cross_validation)


@pytest.mark.parametrize("name", ["config.json", "history.csv"])
def test_a_folder_that_is_no_training_is_named(run, judge, name):
    evaluation = judge(PROBABILITIES, LABELS)
    (run / name).unlink()
    with pytest.raises(ValueError, match=f"run is not the folder of a training: it holds no {name}"):
        read_judgement(run, evaluation)


def test_a_file_in_place_of_the_folder_is_named(run, judge):
    with pytest.raises(ValueError, match="model.pt is not the folder of a training"):
        read_judgement(run / "model.pt", judge(PROBABILITIES, LABELS))


def test_a_test_split_is_not_fitted_to(run, judge):
    with pytest.raises(ValueError, match="is of a test split, which is there to judge by and not to fit to"):
        read_judgement(run, judge(PROBABILITIES, LABELS, split="test"))


def test_an_evaluation_of_an_older_version_says_what_it_lacks(run, judge):
    evaluation = judge(PROBABILITIES, LABELS)
    metrics = json.loads((evaluation / "metrics.json").read_text())
    del metrics["protocol"]["symmetries"]
    (evaluation / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(ValueError, match="does not tell its symmetries: an older version made it; evaluate anew"):
        read_judgement(run, evaluation)
