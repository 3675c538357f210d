# SPDX-License-Identifier: Apache-2.0
"""The companion app with MONAI Label's classes replaced by the little of them that it uses."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

MAIN = Path(__file__).resolve().parents[2] / "integrations" / "monailabel" / "app" / "main.py"

STOCK = """
from monailabel.interfaces.app import MONAILabelApp

class MyApp(MONAILabelApp):
    def __init__(self, models):
        self.models, self.shelf, self.asked_for = models, None, []
        self._infers = self.init_infers()

    def init_infers(self):
        return {name: Answers(path) for name, path in self.models.items()}

    def init_strategies(self):
        return {"random": "stock"}

    def init_scoring_methods(self):
        return {}

    def datastore(self):
        return self.shelf

    def async_scoring(self, method, params=None):
        self.asked_for.append(method)
        return {"status": "queued"}

class Answers:
    # less certain of images whose name ends later in the alphabet
    def __init__(self, path):
        self.path, self.requests = path, []

    def get_path(self):
        return self.path

    def __call__(self, request):
        self.requests.append(request)
        return None, {"uncertainty": (ord(request["image"][-1]) - ord("a")) / 26}
"""


RUNNING: dict[str, dict] = {}  # method -> processes


class Described:
    def __init__(self, description):
        self.description = description


class Shelf:
    """A datastore in memory."""

    def __init__(self, names, folder="/images"):
        self.infos, self.folder = {name: {} for name in names}, folder

    def get_unlabeled_images(self, label_tag=None, labels=None):
        return [name for name, info in self.infos.items() if not info.get("labelled")]

    def list_images(self):
        return list(self.infos)

    def get_image_info(self, image_id):
        return dict(self.infos[image_id])

    def get_image_uri(self, image_id):
        return f"{self.folder}/{image_id}"

    def update_image_info(self, image_id, info):
        self.infos[image_id].update(info)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The app's module, over a stock app in ``tmp_path``."""
    stock = tmp_path / "sample-apps" / "monaibundle" / "main.py"
    stock.parent.mkdir(parents=True)
    stock.write_text(STOCK)
    found = type("Main", (), {"_get_installed_dir": lambda self, prefix, name: str(tmp_path / name)})
    errors = type("MONAILabelError", (), {"APP_INIT_ERROR": "APP_INIT_ERROR"})
    exception = type("MONAILabelException", (Exception,), {})
    packages = ("", ".interfaces", ".interfaces.tasks", ".utils", ".utils.async_tasks")
    contents = {
        **{f"monailabel{name}": {} for name in packages},
        "monailabel.main": {"Main": found},
        "monailabel.interfaces.app": {"MONAILabelApp": type("MONAILabelApp", (), {})},
        "monailabel.interfaces.exception": {"MONAILabelError": errors, "MONAILabelException": exception},
        "monailabel.utils.async_tasks.utils": {"processes": RUNNING.get},
        "monailabel.interfaces.tasks.scoring": {"ScoringMethod": Described},
        "monailabel.interfaces.tasks.strategy": {"Strategy": Described},
    }
    for name, content in contents.items():
        fake = ModuleType(name)
        vars(fake).update(content)
        monkeypatch.setitem(sys.modules, name, fake)
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = importlib.util.spec_from_file_location("companion_app", MAIN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def app(module: ModuleType, tmp_path: Path):
    (tmp_path / "model.pt").write_bytes(b"weights")
    os.utime(tmp_path / "model.pt", (1234, 1234))
    return module.MyApp({"lesions": str(tmp_path / "model.pt")})


def ask(app, shelf, strategy="least_certain"):
    return app.init_strategies()[strategy]({"strategy": strategy}, shelf)


def test_the_app_keeps_what_the_stock_app_has(app):
    assert set(app.init_strategies()) == {"random", "least_certain", "representative"}
    assert set(app.init_scoring_methods()) == {"least_certain"}


def test_monai_label_finds_the_app_by_the_name_of_a_direct_base(module):
    assert "MONAILabelApp" in [base.__name__ for base in module.MyApp.__bases__]
    found = [name for name, value in vars(module).items() if isinstance(value, type) and name.endswith("App")]
    assert sorted(found) == ["MONAILabelApp", "MyApp"]  # it skips the first, and takes any other it meets


def test_without_a_model_there_is_nothing_to_ask(module):
    app = module.MyApp({})
    assert set(app.init_strategies()) == {"random"} and app.init_scoring_methods() == {}


def test_scoring_keeps_the_uncertainty_with_the_time_stamp_of_the_model(app):
    shelf = Shelf("ac")
    summary = app.init_scoring_methods()["least_certain"]({"device": "cpu"}, shelf)
    assert summary["executed"] == 2 and shelf.infos["c"] == {"uncertainty": 2 / 26, "uncertainty_ts": 1234}
    request = app._infers["lesions"].requests[0]
    assert request == {"image": "/images/a", "result_write_to_file": False, "logging": "error", "device": "cpu"}


def test_images_are_scored_again_where_the_model_was_replaced_meanwhile(app, tmp_path):
    class Replacing(Shelf):
        def update_image_info(self, image_id, info):
            super().update_image_info(image_id, info)
            os.utime(tmp_path / "model.pt", (2000, 2000))  # a training ends

    shelf = Replacing("a")
    app.init_scoring_methods()["least_certain"]({}, shelf)
    assert shelf.infos["a"]["uncertainty_ts"] == 2000 and len(app._infers["lesions"].requests) == 2


def test_the_scored_image_of_greatest_uncertainty_is_served(app):
    shelf = Shelf("abc")
    app.init_scoring_methods()["least_certain"]({}, shelf)
    shelf.infos["c"]["labelled"] = True
    assert ask(app, shelf) == {"id": "b", "uncertainty": 1 / 26}


def test_where_nothing_is_scored_yet_the_first_eight_are_scored_on_demand(app):
    shelf = Shelf("abcdefghij")
    assert ask(app, shelf)["id"] == "h"
    assert len(app._infers["lesions"].requests) == 8


def test_nothing_is_scored_on_demand_once_there_is_a_score(app):
    shelf = Shelf("ab")
    shelf.infos["a"] = {"uncertainty": 0.5, "uncertainty_ts": 1}
    assert ask(app, shelf)["id"] == "a" and app._infers["lesions"].requests == []


def test_nothing_is_served_when_everything_is_labelled(app):
    shelf = Shelf("a")
    shelf.infos["a"]["labelled"] = True
    assert ask(app, shelf) is None


@pytest.fixture
def photographs(tmp_path: Path) -> Shelf:
    """Four dark spots on bright skin that differ a little, "a" to "d", and a bright spot on dark skin, "e"."""
    for place, name in enumerate("abcde"):
        skin, spot = ((210 - place, 170, 150), (90, 60 + place, 50)) if name != "e" else ((60, 40, 40), (220, 200, 190))
        image = Image.new("RGB", (80, 60), skin)
        image.paste(spot, (25, 20, 50 + place, 40))
        image.save(tmp_path / name, "PNG")
    return Shelf("abcde", tmp_path)


def test_the_representative_image_is_served_without_a_question_to_the_model(app, photographs):
    assert ask(app, photographs, "representative")["id"] == "c"  # red 210 to 207, edges 50 to 53: a middle one of four
    assert app._infers["lesions"].requests == [] and photographs.infos["c"] == {}


def test_an_image_that_any_strategy_served_stands_for_its_like(app, photographs):
    photographs.infos["b"]["strategy"] = {"random": {"ts": time.time()}}
    assert ask(app, photographs, "representative") == {"id": "e"}


def test_an_image_that_appears_later_is_served_too(app, photographs):
    strategy = app.init_strategies()["representative"]
    late = photographs.infos.pop("e")
    assert strategy({"strategy": "representative"}, photographs)["id"] != "e"
    photographs.infos |= {name: {"labelled": True} for name in "abcd"} | {"e": late}
    assert strategy({"strategy": "representative"}, photographs) == {"id": "e"}


def test_with_one_of_the_many_labelled_the_odd_one_is_representative(app, photographs):
    photographs.infos["b"]["labelled"] = True
    assert ask(app, photographs, "representative") == {"id": "e"}


def test_no_image_is_representative_when_everything_is_labelled(app, photographs):
    for info in photographs.infos.values():
        info["labelled"] = True
    assert ask(app, photographs, "representative") is None


def test_all_methods_are_asked_for_while_an_image_has_no_score_of_this_model(app):
    app.shelf = Shelf("ab")
    app.shelf.infos["a"] = {"uncertainty": 0.5, "uncertainty_ts": 1}  # of an older one
    app.async_scoring(None)
    assert app.asked_for == [None]


def test_no_process_is_started_to_score_what_is_scored(app):
    app.shelf = Shelf("ab")
    app.init_scoring_methods()["least_certain"]({}, app.shelf)
    assert app.async_scoring(None) == {} and app.asked_for == []


def test_no_second_process_is_started_while_one_scores(app, monkeypatch):
    app.shelf = Shelf("ab")
    monkeypatch.setitem(RUNNING, "scoring", {"id": "process"})
    assert app.async_scoring(None) == {} and app.asked_for == []


def test_a_method_that_a_person_asks_for_runs_all_the_same(app):
    app.shelf = Shelf("")
    assert app.async_scoring("least_certain") == {"status": "queued"}
