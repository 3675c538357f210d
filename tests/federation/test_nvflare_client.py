# SPDX-License-Identifier: Apache-2.0
"""What the NVFlare example's client sends, with the library's four calls stood in for."""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from mt_transunet import build_network
from mt_transunet.networks import shipped_weights

EXAMPLE = Path(__file__).resolve().parents[2] / "integrations" / "nvflare"


class Server(ModuleType):
    """``nvflare.client`` of a site that is sent two rounds; what it sends back is kept."""

    FLModel = SimpleNamespace

    def __init__(self, name: str) -> None:
        super().__init__("nvflare.client")
        self.name, self.sent = name, []
        self.weights = build_network("lite").state_dict()

    def init(self) -> None:
        pass

    def get_site_name(self) -> str:
        return self.name

    def is_running(self) -> bool:
        return len(self.sent) < 2

    def receive(self) -> SimpleNamespace:
        params = {**self.weights, **(self.sent[-1].params if self.sent else {})}
        return SimpleNamespace(params=params, current_round=len(self.sent), total_rounds=2)

    def send(self, model: SimpleNamespace) -> None:
        self.sent.append(model)


def answers(data: Path, folder: Path) -> list[SimpleNamespace]:
    """What the client sends in two rounds on the dataset ``data``."""
    server = Server(data.name)
    settings = {
        "bundle_root": str(shipped_weights("lite").parents[1]),
        "sites": str(data.parent),
        "output_dir": str(folder),
        "local_epochs": 1,
        "overrides": {
            "image_size": 32,
            "labelled_batch": 2,
            "unlabelled_batch": 1,
            "pretrained": False,
            "num_workers": 0,
        },
    }
    (folder / "site.json").write_text(json.dumps(settings))
    with pytest.MonkeyPatch.context() as patch:
        install(patch, server)
        patch.setenv("MT_TRANSUNET_SITE", str(folder / "site.json"))
        runpy.run_path(str(EXAMPLE / "client.py"), run_name="__main__")
    return server.sent


def install(patch: pytest.MonkeyPatch, server: Server) -> None:
    patch.setitem(sys.modules, "nvflare", ModuleType("nvflare"))
    patch.setitem(sys.modules, "nvflare.client", server)
    patch.setattr(sys.modules["nvflare"], "client", server, raising=False)


@pytest.fixture(scope="module")
def sent(site: Callable[[int], Path], tmp_path_factory: pytest.TempPathFactory) -> list[SimpleNamespace]:
    """Of a site with six masks."""
    return answers(site(20), tmp_path_factory.mktemp("nvflare"))


def test_a_site_answers_every_round_with_all_weights(sent: list) -> None:
    assert [model.params.keys() == build_network("lite").state_dict().keys() for model in sent] == [True, True]


def test_weights_are_contiguous_as_nvflare_sends_no_others(sent: list) -> None:
    assert all(tensor.is_contiguous() for tensor in sent[0].params.values())


def test_the_second_round_leaves_what_the_first_one_sent_alone(sent: list) -> None:
    counter = "encoder.stem.norm.num_batches_tracked"
    assert [int(model.params[counter]) for model in sent] == [
        2,
        4,
    ]  # six images in threes, as there is no second stream


def test_a_site_weighs_by_the_iterations_it_did(sent: list) -> None:
    assert [model.meta for model in sent] == [{"NUM_STEPS_CURRENT_ROUND": 2}] * 2


def test_figures_are_sent_without_the_score_that_mixes_them(sent: list) -> None:
    assert "val" not in sent[0].metrics and 0.0 <= sent[0].metrics["JA"] <= 1.0


def test_a_site_without_masks_sends_nothing_that_masks_teach(diagnoses_only: Path, tmp_path: Path) -> None:
    whole = build_network("lite").state_dict().keys()
    for model in answers(diagnoses_only.parent, tmp_path):
        kept = {name.split(".")[0] for name in whole - model.params.keys()}
        assert kept == {"decoder", "mask_head", "level_set_head"}
        assert {"encoder", "transformer", "class_head"} <= {name.split(".")[0] for name in model.params}
        assert not any(name.startswith("decoder") for name in model.params)


def test_a_site_that_names_no_settings_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("clinic")
    install(monkeypatch, server)
    monkeypatch.delenv("MT_TRANSUNET_SITE", raising=False)
    with pytest.raises(RuntimeError, match="MT_TRANSUNET_SITE is not set"):
        runpy.run_path(str(EXAMPLE / "client.py"), run_name="__main__")
    assert server.sent == []
