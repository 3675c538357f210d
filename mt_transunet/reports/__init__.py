# SPDX-License-Identifier: Apache-2.0
"""Pictures and pages that people look at."""

from __future__ import annotations

from mt_transunet.reports.blocks import Facts, Figure, Gallery, Paragraph, Section, Table
from mt_transunet.reports.curves import curves
from mt_transunet.reports.figures import overlay_panel
from mt_transunet.reports.page import write_page
from mt_transunet.reports.run_report import write_report

__all__ = [
    "Facts",
    "Figure",
    "Gallery",
    "Paragraph",
    "Section",
    "Table",
    "curves",
    "overlay_panel",
    "write_page",
    "write_report",
]
