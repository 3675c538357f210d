# SPDX-License-Identifier: Apache-2.0
"""One line instead of a chain of tracebacks, when what went wrong is the user's to put right."""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from types import TracebackType

from monai.apps import get_logger

__all__ = ["find_user_error", "report_user_errors"]

_KINDS = (ValueError, OSError, ImportError, FloatingPointError)
"""Kinds that our code raises with a message that names the thing and the remedy."""

_HERE = os.path.dirname(os.path.abspath(__file__))
# transforms/ lies beside the package in a checkout and inside it when installed from a wheel
_HOMES = tuple(os.path.join(home, "") for home in (_HERE, os.path.join(os.path.dirname(_HERE), "transforms")))

_STATS = "monai.handlers.StatsHandler"
_SAVING = re.compile(
    r"SaveImage.* cannot find a suitable writer .*^OSError: (?P<reason>[^\n]*)", re.DOTALL | re.MULTILINE
)


def find_user_error(error: BaseException | None) -> BaseException | None:
    """The error of the user's that MONAI's and ignite's wrappers grew around; ``None`` if there is none."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        # MONAI's SaveImage turns whatever a writer raises into text
        if isinstance(error, RuntimeError) and (saving := _SAVING.search(str(error))):
            return OSError(saving["reason"])
        if _is_user_error(error):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def _is_user_error(error: BaseException) -> bool:
    if type(error).__module__.startswith(f"{__package__}."):
        return True
    frames = [os.path.abspath(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, OSError) and error.filename is not None:  # by what our code called: a file or folder is named
        return any(frame.startswith(_HOMES) for frame in frames)
    return bool(frames) and frames[-1].startswith(_HOMES) and isinstance(error, _KINDS)


def report_user_errors() -> None:
    """Let an uncaught error of the user's be printed as ``error: <message>``, and Ctrl-C as a line; any other stays.

    ``monai.bundle`` wraps every error of an expression in ``Failed to evaluate ...``, which would be the last line a
    person reads. The exit status stays 1. Set ``MT_TRANSUNET_TRACEBACK=1`` to see the chain.
    """
    if os.environ.get("MT_TRANSUNET_TRACEBACK") != "1":
        sys.excepthook = _hook
        # MONAI's StatsHandler has a logger of its own, which get_logger makes with what it writes to
        for handler in (*logging.getLogger().handlers, *get_logger(_STATS).handlers):
            handler.addFilter(_is_said_once)


def _is_said_once(record: logging.LogRecord) -> bool:
    """MONAI and ignite log the error that ends a run, with its trace, before it gets to the hook."""
    if record.name.startswith("ignite.") and "terminating due to exception" in record.getMessage():
        return False
    if record.name != _STATS or record.exc_info is None:
        return True
    return find_user_error(record.exc_info[1]) is None


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        print("stopped; given again, the same command goes on (an evaluation begins anew)", file=sys.stderr)
        return
    cause = find_user_error(error)
    if cause is None:
        sys.__excepthook__(kind, error, trace)
        return
    message = str(cause).strip()
    if "Original Traceback" in message:  # from a DataLoader's worker: the last line is "type: message"
        message = message.splitlines()[-1].partition(": ")[2]
    print(f"error: {message}", file=sys.stderr)
