# SPDX-License-Identifier: Apache-2.0
"""What a training was built of, in a line each: for its record, and to know another one by."""

from __future__ import annotations

from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

__all__ = ["component_in_words", "optimizer_in_words", "schedule_name"]

_PLAIN = (bool, int, float, str, tuple, list)
_ELSEWHERE = {"lr", "decoupled_weight_decay"}
"""Said of the groups, and of AdamW by its name since torch 2.8."""


def optimizer_in_words(optimizer: Optimizer) -> str:
    """Its class, the rate of each group before any schedule, and its settings that are neither off nor zero.

    Switches of the implementation, such as ``foreach``, are off unless asked for.
    """
    rates = [float(f"{group.get('initial_lr', group['lr']):.6g}") for group in optimizer.param_groups]
    told = {name: value for name, value in sorted(optimizer.defaults.items()) if name not in _ELSEWHERE and value}
    return _in_words(optimizer, {"lr": rates} | told)


def schedule_name(schedule: str, scheduler: LRScheduler) -> str:
    """``schedule``, as :func:`learning_rate_factor` follows it, or the class of a scheduler in its place."""
    return schedule if isinstance(scheduler, LambdaLR) else type(scheduler).__name__


def component_in_words(component: Any) -> str | None:
    """Its class and its plain public attributes, such as ``TverskyLoss(alpha=0.3, beta=0.7)``; None of None."""
    if component is None:
        return None
    told = {name: value for name, value in vars(component).items() if isinstance(value, _PLAIN)}
    return _in_words(component, {name: told[name] for name in sorted(told) if name[0] != "_" and name != "training"})


def _in_words(component: Any, told: dict[str, Any]) -> str:
    return f"{type(component).__name__}({', '.join(f'{name}={value!r}' for name, value in told.items())})"
