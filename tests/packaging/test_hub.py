# SPDX-License-Identifier: Apache-2.0
"""The repository of the Hugging Face hub, against what MONAI's own ``push_to_hf_hub`` hands to the hub's client."""

from __future__ import annotations

import re
import shutil
import socket
from pathlib import Path

import pytest
import yaml
from monai.bundle import push_to_hf_hub

from mt_transunet.cli import main
from mt_transunet.packaging import package_bundle
from mt_transunet.packaging.hub import write_hub_folder


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    return package_bundle("lite", tmp_path_factory.mktemp("out"))[0]


@pytest.fixture(scope="module")
def hub(bundle, tmp_path_factory) -> Path:
    return write_hub_folder(bundle, tmp_path_factory.mktemp("hub"))


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def uploaded(bundle, tmp_path, monkeypatch) -> dict[str, bytes]:
    """Path in the repository -> content, of an upload by MONAI whose client collects instead of sending."""
    client = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    found: dict[str, bytes] = {}

    def collect(self, *, repo_id, operations, **settings) -> str:
        for operation in operations:
            with operation.as_file() as stream:
                found[operation.path_in_repo] = stream.read()
        return f"collected for {repo_id}"

    def refuse(*arguments, **settings):
        raise AssertionError("this test sends nothing")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(client.HfApi, "create_repo", lambda self, **settings: None)
    monkeypatch.setattr(client.HfApi, "create_commit", collect)
    monkeypatch.setattr(client.HfApi, "_validate_yaml", lambda self, *arguments, **settings: None)  # the hub does it
    monkeypatch.setattr(client.hf_api, "is_xet_available", lambda: False, raising=False)  # else commits are streamed
    shutil.copytree(bundle, tmp_path / bundle.name)
    answer = push_to_hf_hub("somebody/lesions", bundle.name, str(tmp_path))
    assert answer == "collected for somebody/lesions"
    return found


def test_the_folder_holds_what_monai_uploads_byte_for_byte(hub, uploaded):
    written = files(hub)
    assert sorted(written) == sorted(uploaded)
    assert [name for name, content in uploaded.items() if written[name] != content] == []


def test_the_card_names_library_tags_and_licence(hub, bundle):
    _, front, card = (hub / "README.md").read_text().split("---\n", 2)
    assert yaml.safe_load(front) == {"tags": ["monai", "medical"], "library_name": "monai", "license": "apache-2.0"}
    assert card == (bundle / "docs" / "README.md").read_text()
    assert "Apache License" in (hub / "LICENSE").read_text()


def test_links_of_the_card_lead_to_files_from_the_root_where_the_hub_shows_it(hub):
    links = re.findall(r"\]\(([^)#]+)", (hub / "README.md").read_text())
    assert [link for link in links if "://" not in link and not (hub / link).is_file()] == []


def test_the_packaged_bundle_stays_as_it_is_and_the_rest_is_its_files(hub, bundle):
    own = files(bundle)
    assert "README.md" not in own
    assert {name: content for name, content in files(hub).items() if name != "README.md"} == own


def test_a_folder_that_exists_is_not_overwritten(hub, bundle):
    with pytest.raises(ValueError, match="exists; move it away"):
        write_hub_folder(bundle, hub.parent)


def test_a_bundle_that_was_changed_is_refused(bundle, tmp_path):
    changed = shutil.copytree(bundle, tmp_path / "changed")
    (changed / "notes.txt").write_text("private")
    with pytest.raises(ValueError, match=r"was changed since it was packaged \(notes.txt\)"):
        write_hub_folder(changed, tmp_path / "hub")
    assert not (tmp_path / "hub" / "changed").exists()


def test_a_folder_that_is_no_bundle_is_refused(tmp_path):
    (tmp_path / "other").mkdir()
    with pytest.raises(ValueError, match="is no packaged bundle"):
        write_hub_folder(tmp_path / "other", tmp_path / "hub")


def test_the_command_prints_the_third_path_too(tmp_path, capsys):
    assert main(["package", "lite", str(tmp_path / "out"), "--hub", str(tmp_path / "hub")]) == 0
    *_, hub = map(Path, capsys.readouterr().out.splitlines())
    assert hub.parent == tmp_path / "hub" and (hub / "README.md").is_file()
