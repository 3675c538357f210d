# SPDX-License-Identifier: Apache-2.0
"""One line instead of a chain of tracebacks, when what went wrong is the user's to put right."""

from __future__ import annotations

import os
import re
import sys
import traceback
from types import TracebackType

__all__ = ["find_user_error", "report_user_errors"]

_KINDS = (ValueError, OSError, ImportError, FloatingPointError)
"""Kinds that our code raises with a message that names the thing and the remedy."""

_HERE = os.path.dirname(os.path.abspath(__file__))
# transforms/ lies beside the package in a checkout and inside it when installed from a wheel
_HOMES = tuple(os.path.join(home, "") for home in (_HERE, os.path.join(os.path.dirname(_HERE), "transforms")))


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
    frames = traceback.extract_tb(error.__traceback__)
    raised_here = bool(frames) and os.path.abspath(frames[-1].filename).startswith(_HOMES)
    return raised_here and isinstance(error, _KINDS)


def report_user_errors() -> None:
    """Let an uncaught error of the user's be printed as ``error: <message>``, and Ctrl-C as a line; any other stays.

    ``monai.bundle`` wraps every error of an expression in ``Failed to evaluate ...``, which would be the last line a
    person reads. The exit status stays 1. Set ``MT_TRANSUNET_TRACEBACK=1`` to see the chain.
    """
    if os.environ.get("MT_TRANSUNET_TRACEBACK") != "1":
        sys.excepthook = _hook


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
