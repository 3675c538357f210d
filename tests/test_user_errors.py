# SPDX-License-Identifier: Apache-2.0
"""Which errors become one line, and which keep their traceback."""

from __future__ import annotations

import logging
import sys

import pytest

from mt_transunet import user_errors
from mt_transunet.data import DataError, synthetic_dataset
from mt_transunet.networks import build_network


def wrapped(cause: Exception) -> RuntimeError:
    """As MONAI's config expressions wrap what goes wrong in them."""
    try:
        try:
            raise cause
        except Exception as error:
            raise RuntimeError("Failed to evaluate ConfigExpression") from error
    except RuntimeError as error:
        return error


def test_our_own_exception_type_is_found_under_the_wrappers():
    cause = DataError("no such folder")
    assert user_errors.find_user_error(wrapped(wrapped(cause))) is wrapped(cause).__cause__


def test_a_value_error_raised_in_our_package_is_the_users():
    with pytest.raises(ValueError) as caught:
        build_network("large")
    assert user_errors.find_user_error(wrapped(caught.value)) is caught.value


def test_a_value_error_raised_elsewhere_is_not():
    assert user_errors.find_user_error(wrapped(ValueError("a bug"))) is None


def test_a_chain_that_bites_its_tail_ends():
    error = RuntimeError("a")
    error.__context__ = KeyError("b")
    error.__context__.__context__ = error
    assert user_errors.find_user_error(error) is None


def test_the_hook_prints_one_line(capsys):
    error = wrapped(DataError("x.jpg is truncated; replace it"))
    user_errors._hook(RuntimeError, error, None)
    assert capsys.readouterr().err == "error: x.jpg is truncated; replace it\n"


def test_ctrl_c_says_that_the_command_goes_on(capsys):
    user_errors._hook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr().err == "stopped; given again, the same command goes on (an evaluation begins anew)\n"


def test_an_error_out_of_a_worker_is_stripped_of_its_traceback(capsys):
    text = "Caught DataError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\nx.E: bad: y"
    user_errors._hook(RuntimeError, wrapped(DataError(text)), None)
    assert capsys.readouterr().err == "error: bad: y\n"


def test_any_other_error_keeps_its_traceback(capsys, monkeypatch):
    error = KeyError("a bug")
    user_errors._hook(KeyError, error, None)
    assert "KeyError: 'a bug'" in capsys.readouterr().err


@pytest.mark.parametrize(("value", "installed"), [("0", True), ("1", False)])
def test_the_environment_can_ask_for_tracebacks(monkeypatch, value, installed):
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setenv("MT_TRANSUNET_TRACEBACK", value)
    user_errors.report_user_errors()
    assert (sys.excepthook is user_errors._hook) is installed


def test_a_file_that_the_system_refuses_our_code_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError) as caught:
        synthetic_dataset(tmp_path / "file" / "set")
    assert user_errors.find_user_error(wrapped(caught.value)) is caught.value
    with pytest.raises(OSError) as elsewhere:
        (tmp_path / "file" / "set").mkdir()
    assert user_errors.find_user_error(wrapped(elsewhere.value)) is None


@pytest.mark.parametrize(
    "name, message, error, shown",
    [
        ("ignite.engine.engine", "Engine run is terminating due to exception: x.jpg is truncated", None, False),
        ("monai.handlers.StatsHandler", "Exception: x.jpg is truncated", DataError("x.jpg is truncated"), False),
        ("plugin", "upload failed, going on", DataError("x.jpg is truncated"), True),
        ("monai.handlers.StatsHandler", "Exception: a bug", KeyError("a bug"), True),
        ("monai.handlers.StatsHandler", "Epoch[1] Metrics", None, True),
    ],
)
def test_what_the_hook_will_say_is_not_logged_before_it(name, message, error, shown):
    exc_info = error and (type(error), error, None)
    record = logging.LogRecord(name, logging.ERROR, "", 0, message, (), exc_info)
    assert user_errors._is_said_once(record) is shown
