# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from mt_transunet.packaging.tree import _NO_SOURCES


def test_what_python_file_managers_and_editors_leave_is_not_packed():
    names = ["cli.py", "page.css", "model_card.md", ".DS_Store", "cli.py~", "cli.pyc", "__pycache__", "cli.py.orig"]
    assert set(names) - _NO_SOURCES("folder", names) == {"cli.py", "page.css", "model_card.md"}
