# SPDX-License-Identifier: Apache-2.0
"""Every command that a page shows is run here, on small data, or stands below with the reason why it is not."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from mt_transunet.data import write_synthetic_dataset

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "bundle" / "docs").glob("*.md"))]

SMALL = {
    "training": "--image_size 32 --labelled_batch 2 --unlabelled_batch 1 --pretrained False --max_iterations 2",
    "evaluating": "--image_size 32 --views none --resamples 20",
    "inference": "--view_sizes [32] --views none",
}
"""What is added to a command of the bundle so that it takes seconds."""

NAMES = {
    "ISIC_0014635": "SYN_1000000",
    "ISIC_0012876": "SYN_1000001",
}
"""Image ids of the real data -> ids of the synthetic validation split."""

NOT_RUN = {
    r"make (demo|test|install|lint|pictures|benchmarks)\b.*": "what runs this test, or longer than it",
    r"make weights .*": "trains for hours; its stages run in tests/bundle/test_weights_recipe.py",
    r"make (monailabel|annotate|federation|zoo)\b.*": "builds an environment of its own, the first of several GB",
    r"\.venv-monailabel/.*|curl .*": "needs MONAI Label; integrations/monailabel/check.py asks a real server the same",
    r"torchrun .*": "tests/bundle/test_two_processes.py runs it",
    r"mt-transunet crossvalidate .*": "trains five times; tests/bundle/test_cross_validation.py runs it smaller",
    r"mt-transunet ship .* runs/crossvalidation": "needs that; tests/bundle/test_cross_validation.py ships by one",
    r"mt-transunet app\b.*": "serves until it is stopped; tests/app asks a running one",
}
"""Pattern of a command -> why no test runs it."""


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in a language; "" for those without one."""
    found: list[str] = []
    inside = None
    for line in page.read_text().splitlines():
        if line.startswith("```"):
            inside = line[3:] if inside is None else None
            found += [""] if inside == language else []
        elif inside == language:
            found[-1] += line + "\n"
    return found


def shown(page: Path) -> list[str]:
    """The commands of a page: lines of blocks without a language, without comments, continued lines joined."""
    text = "\n".join(blocks(page, "")).replace("\\\n", " ")
    lines = [re.sub(r"\s+#.*", "", line).strip() for line in text.splitlines()]
    return [" ".join(line.split()).removeprefix(".venv/bin/") for line in lines if line]


def reason(command: str) -> str | None:
    return next((why for pattern, why in NOT_RUN.items() if re.fullmatch(pattern, command)), None)


RUNNER = """
import json, runpy, sys
for line in json.loads(sys.argv[1]):
    print("$", *line, file=sys.stderr, flush=True)
    sys.argv = list(line)
    try:
        runpy.run_module(line[0], run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        if stop.code:
            raise
"""
"""``python -m`` for one command after another: importing torch and MONAI takes most of each."""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "ISIC2017"
    return write_synthetic_dataset(folder, training=6, validation=3, test=3, additional=3)


@pytest.fixture
def place(tmp_path: Path, dataset: Path) -> Path:
    """A page's own folder with what pages name: the bundle, ISIC2017, MORE, FOLDER, IMAGES, a lesion, room for OUT."""
    (tmp_path / "bundle").symlink_to(ROOT / "bundle")
    (tmp_path / "configs").symlink_to(ROOT / "bundle" / "configs")  # the bundle's own page names them from its folder
    (tmp_path / "ISIC2017").symlink_to(dataset)
    (tmp_path / "MORE").symlink_to(dataset / "additional")
    (tmp_path / "FOLDER").symlink_to(dataset / "ISIC-2017_Test_v2_Data")
    (tmp_path / "IMAGES").symlink_to(dataset / "ISIC-2017_Training_Data")
    (tmp_path / "MASKS").symlink_to(dataset / "ISIC-2017_Training_Part1_GroundTruth")
    names = sorted(path.stem for path in (tmp_path / "IMAGES").glob("*.jpg"))
    rows = [f"L{index},{name},{('nv', 'mel', 'bkl')[index % 3]}" for index, name in enumerate(names)]
    (tmp_path / "TABLE.csv").write_text("\n".join(["lesion_id,image_id,dx", *rows]))
    Image.open(next((dataset / "ISIC-2017_Test_v2_Data").glob("*.jpg"))).save(tmp_path / "lesion.jpg")
    return tmp_path


def words(command: str) -> list[str]:
    """Module and arguments of a command as it is run here: at small sizes, with the names of the synthetic set."""
    for name, other in NAMES.items():
        command = command.replace(name, other)
    given = shlex.split(command)
    if given[0] == "mt-transunet":
        return ["mt_transunet.cli", *given[1:]]
    if given[:4] == ["python", "-m", "monai.bundle", "run"]:
        given += [*SMALL[given[4]].split(), "--num_workers", "0"]
        given += ["--pretrained", "False"] if "paper" in given else []
    assert given[:2] == ["python", "-m"], f"a page shows a command that this test cannot run: {command}"
    return given[2:]


def run(line: list[str], place: Path) -> None:
    known = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, cwd=place, env=known, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, f"{shlex.join(line)}\n{done.stdout}{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_the_page_run_one_after_the_other(page: Path, place: Path) -> None:
    lines = [words(command) for command in shown(page) if reason(command) is None]
    run([sys.executable, "-c", RUNNER, json.dumps(lines)], place)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name)
def test_the_python_of_the_pages_runs(page: Path, place: Path) -> None:
    exports = [words(command) for command in shown(page) if "onnx_export" in command]  # what the Python opens
    run([sys.executable, "-c", RUNNER, json.dumps(exports)], place)
    for number, block in enumerate(blocks(page, "python")):
        (place / f"{page.stem}{number}.py").write_text(block)
        run([sys.executable, f"{page.stem}{number}.py"], place)


def test_no_reason_is_given_for_a_command_that_no_page_shows() -> None:
    commands = [command for page in PAGES for command in shown(page)]
    unused = [pattern for pattern in NOT_RUN if not any(re.fullmatch(pattern, command) for command in commands)]
    assert unused == []
