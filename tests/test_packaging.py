"""The package as it is built and installed: what is in the wheel, and what a machine with only Python gets from it."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling import build as hatchling_build

import hatch_build
from hatch_build import NODE, STAMP, Studio
from tests.server_process import clean_environment

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, home: Path | None = None, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = clean_environment(home or cwd)
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation", "--out-dir", folder)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture
def sources(tmp_path: Path) -> Studio:
    """A Studio of two files that counts as built."""
    studio = Studio(tmp_path)
    (studio.source / "src").mkdir(parents=True)
    (studio.source / "package.json").write_text("{}")
    (studio.source / "src" / "main.tsx").write_text("1")
    studio.built.mkdir(parents=True)
    (studio.built / STAMP).write_text(studio.digest())
    return studio


def test_the_wheel_holds_the_pages_and_the_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {
        "zaffre/server/studio_dist/index.html",
        "zaffre/cli/demo/digit.json",
        "zaffre/cli/demo/project/train.py",
        "zaffre/py.typed",
        "azureml/core/__init__.py",
    } <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "bench/", "scripts/")) or "node_modules" in name]


def test_a_machine_with_only_python_gets_a_working_program(wheel: Path, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    assert (
        run(sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, tmp_path / "venv").returncode
        == 0
    )
    installed = run(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python, wheel)
    assert installed.returncode == 0, installed.stderr
    program, home = python.with_name("zaffre"), tmp_path / "home"

    version = run(program, "--version", home=home, cwd=tmp_path)
    up = run(program, "up", home=home, cwd=tmp_path)
    imported = run(python, "-c", "import azureml.core; print(azureml.core.__file__)", home=home, cwd=tmp_path)

    assert re.fullmatch(r"\d+\.\d+\.\d+\n", version.stdout)
    assert (up.returncode, up.stdout) == (4, "")
    assert 'run `pip install "zaffre[server]"`' in up.stderr
    assert imported.stdout.startswith(str(tmp_path / "venv"))


def test_an_editable_install_needs_no_node() -> None:
    assert hatch_build.get_requires_for_build_editable is hatchling_build.get_requires_for_build_editable
    assert NODE not in hatch_build.get_requires_for_build_editable()


def test_node_is_asked_for_only_when_the_pages_are_stale(sources: Studio) -> None:
    assert (sources.is_fresh(), sources.requirements()) == (True, [])

    (sources.source / "src" / "main.tsx").write_text("2")

    assert (sources.is_fresh(), sources.requirements()) == (False, [NODE])


def test_pages_that_another_build_made_are_stale(sources: Studio) -> None:
    (sources.built / STAMP).unlink()

    assert not sources.is_fresh()


def test_an_archive_without_the_sources_uses_its_pages(sources: Studio) -> None:
    (sources.source / "package.json").unlink()

    assert sources.is_fresh()


@pytest.mark.parametrize("name", ["bootstrap", "server", "dev"])
def test_locks_have_hashes_and_name_no_host(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()

    assert not re.search(r"https?://|--index-url|--find-links", text)
    pins = re.findall(r"^[a-z0-9][\w.-]*==", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z0-9][\w.-]*==.*\\\n    --hash=", text, re.MULTILINE))


def test_the_lock_of_the_studio_names_no_host() -> None:
    assert '"resolved"' not in (ROOT / "studio" / "package-lock.json").read_text()


def test_ci_does_what_the_makefile_does_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]

    assert commands == ["make check", "make test"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111 == 0o111
