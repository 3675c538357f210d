# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from mt_transunet.engines.run_folder import set_earlier_run_aside


def test_a_new_run_puts_aside_what_an_earlier_one_left(tmp_path):
    names = ("model.pt", "model.images.txt", "history.csv", "config.json")
    for name in (*names, "synthetic"):
        (tmp_path / name).write_text(f"earlier {name}")
    set_earlier_run_aside(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"earlier", "synthetic"}
    assert {path.name: path.read_text() for path in (tmp_path / "earlier").iterdir()} == {
        name: f"earlier {name}" for name in names
    }


def test_a_list_of_images_never_lies_beside_weights_that_learned_from_others(tmp_path):
    for folder in (tmp_path, tmp_path / "earlier"):
        folder.mkdir(exist_ok=True)
        (folder / "model.pt").write_text("weights")
    (tmp_path / "earlier" / "model.images.txt").write_text("of the weights before")
    set_earlier_run_aside(tmp_path)
    assert [path.name for path in (tmp_path / "earlier").iterdir()] == ["model.pt"]


def test_the_history_of_a_run_that_left_no_weights_goes(tmp_path):
    (tmp_path / "history.csv").write_text("iteration\n4\n")
    set_earlier_run_aside(tmp_path)
    assert list(tmp_path.iterdir()) == []
