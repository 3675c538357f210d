# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ctypes
import sys
from types import SimpleNamespace

import pytest

from mt_transunet.allocator import keep_freed_memory


def on_linux(monkeypatch, library):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)


@pytest.mark.parametrize("refused, expected", [(None, True), (-1, False)])
def test_glibc_is_told_three_things_and_its_answer_returned(monkeypatch, refused, expected):
    calls = []

    def mallopt(parameter, value):
        calls.append((parameter, value))
        return int(parameter != refused)

    on_linux(monkeypatch, SimpleNamespace(mallopt=mallopt))
    assert keep_freed_memory() is expected
    # M_MMAP_MAX, M_TRIM_THRESHOLD, M_TOP_PAD of malloc.h; values must fit an int
    assert calls == [(-4, 0), (-1, 2**31 - 1), (-2, 256 * 2**20)]


def test_other_systems_and_other_libraries_are_left_alone(monkeypatch):
    on_linux(monkeypatch, SimpleNamespace())  # musl has no mallopt
    assert keep_freed_memory() is False
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is False
