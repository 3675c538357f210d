# SPDX-License-Identifier: Apache-2.0
"""Handlers that other parts of a config refer to as well."""

from __future__ import annotations

from typing import Any, TypeVar

from monai.handlers import EarlyStopHandler

__all__ = ["ResumableEarlyStop", "shared_handler"]

Handler = TypeVar("Handler")


def shared_handler(handler: Handler) -> Handler:
    """Return ``handler``: MONAI wants handler lists to hold components, not references, and this is one."""
    return handler


class ResumableEarlyStop(EarlyStopHandler):
    """MONAI's early stopping with its patience kept in the run's checkpoint. The trainer is set when the run starts.

    A run that was stopped early and is started again ends at once, unless it is given more patience.
    """

    def state_dict(self) -> dict[str, Any]:
        return {} if self._handler is None else self._handler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        if self._handler is not None and state:
            self._handler.load_state_dict(state)
            if self._handler.counter >= self.patience:
                self._handler.trainer.terminate()
