# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import torch
from monai.losses import TverskyLoss
from monai.optimizers import generate_param_groups

from mt_transunet.engines import component_in_words, learning_rate_factor, optimizer_in_words, schedule_name

LAYER = torch.nn.Linear(1, 1)


def test_an_optimizer_is_told_by_class_rates_and_what_is_on():
    groups = generate_param_groups(
        torch.nn.Sequential(LAYER, torch.nn.Linear(1, 1)), [lambda network: network[0]], ["select"], [0.1]
    )
    optimizer = torch.optim.SGD(groups, lr=0.5, momentum=0.9)

    assert optimizer_in_words(optimizer) == "SGD(lr=[0.1, 0.5], momentum=0.9)"


def test_the_rates_of_an_optimizer_are_those_before_its_warm_up():
    optimizer = torch.optim.AdamW(LAYER.parameters(), lr=0.5)
    torch.optim.lr_scheduler.LambdaLR(optimizer, learning_rate_factor("constant", total=9, warmup=4))

    assert optimizer.param_groups[0]["lr"] == 0.1
    assert optimizer_in_words(optimizer) == "AdamW(lr=[0.5], betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01)"


def test_another_scheduler_is_named_in_the_place_of_the_schedule():
    optimizer = torch.optim.SGD(LAYER.parameters(), lr=0.5)
    ours = torch.optim.lr_scheduler.LambdaLR(optimizer, learning_rate_factor("cosine", total=9))
    other = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=9)

    assert (schedule_name("cosine", ours), schedule_name("cosine", other)) == ("cosine", "OneCycleLR")


def test_a_component_is_told_by_class_and_plain_attributes():
    words = component_in_words(TverskyLoss(softmax=True, alpha=0.3, beta=0.7))

    assert words.startswith("TverskyLoss(alpha=0.3, ") and "softmax=True" in words and "training" not in words
    assert component_in_words(None) is None
