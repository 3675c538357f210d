# SPDX-License-Identifier: Apache-2.0
"""Puts the figures of the shipped weights' record where people read them: README, model card, metadata.

``make figures``, after ``make weights``; tests/test_shipped.py keeps all of them equal to the record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mt_transunet.networks import read_provenance, shipped_weights
from mt_transunet.packaging.metadata import eval_metrics
from mt_transunet.reports.card import card_tables, failure_tables, summary_rows

ROOT = Path(__file__).resolve().parents[1]


def put_between(text: str, mark: str, block: str) -> str:
    """The text with ``block`` between ``<!-- mark -->`` and ``<!-- /mark -->``."""
    pattern = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.DOTALL)
    return pattern.sub(lambda found: found[1] + block + found[2], text)


def with_rows(table: str, rows: list[str]) -> str:
    """The README's table, the rows that begin like these replaced by them."""
    variant = rows[0].split(",")[0]
    ours = [line.startswith(variant) and "| validation" in line for line in table.splitlines()]
    kept = [line for line, is_ours in zip(table.splitlines(), ours) if not is_ours]
    kept[ours.index(True) : ours.index(True)] = rows
    return "\n".join(kept) + "\n"


def documents(record: Mapping[str, Any], root: Path) -> dict[Path, str]:
    """Path -> its text with the figures of the record."""
    readme, card, metadata = (
        root / "README.md",
        root / "bundle" / "docs" / "model_card.md",
        root / "bundle" / "configs" / "metadata.json",
    )
    texts = {path: path.read_text(encoding="utf-8") for path in (readme, card, metadata)}
    table = texts[readme].partition("<!-- figures -->\n")[2].partition("<!-- /figures -->")[0]
    metrics = f'"eval_metrics": {json.dumps(eval_metrics(record))}'
    return {
        readme: put_between(texts[readme], "figures", with_rows(table, summary_rows(record))),
        card: put_between(put_between(texts[card], "figures", card_tables(record)), "failures", failure_tables(record)),
        metadata: re.sub(r'"eval_metrics": \{[^}]*\}', lambda _: metrics, texts[metadata]),
    }


def main() -> None:
    record = read_provenance(shipped_weights("lite"))
    if record is None:
        raise SystemExit("the shipped weights have no record; `make weights` writes both")
    for path, text in documents(record, ROOT).items():
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            print(f"{path} has new figures")


if __name__ == "__main__":
    main()
