# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import torch
from monai.engines import EnsembleEvaluator, SupervisedEvaluator
from torch import nn

from mt_transunet.engines import PrepareLesionBatch, lesion_evaluator
from mt_transunet.inferers import MeanPredictiond, member_keys


class Constant(nn.Module):
    """Answers with one logit, and in which mode it was asked."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, image):
        assert not self.training
        return {"class_logits": torch.full((len(image), 3), self.value)}


def answer(*values):
    networks = [Constant(value) for value in values]
    evaluator = lesion_evaluator(
        networks=networks,
        device=torch.device("cpu"),
        val_data_loader=[{"image": torch.zeros(2, 3, 4, 4)}],
        prepare_batch=PrepareLesionBatch(),
        postprocessing=MeanPredictiond(member_keys(len(networks))),
    )
    evaluator.run()
    return evaluator, [item["pred"]["class_logits"].tolist() for item in evaluator.state.output]


def test_one_network_keeps_the_supervised_evaluator():
    evaluator, found = answer(1.5)
    assert isinstance(evaluator, SupervisedEvaluator) and found == [[1.5] * 3] * 2


def test_several_networks_answer_with_their_mean():
    evaluator, found = answer(1.0, 2.0, 6.0)
    assert isinstance(evaluator, EnsembleEvaluator) and found == [[3.0] * 3] * 2
