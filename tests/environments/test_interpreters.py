from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from zaffre.core.errors import EnvironmentBuildFailed, InvalidValue
from zaffre.environments.conda_names import parse
from zaffre.environments.interpreters import ANY_FLOOR, OWN_FLOOR, Choice, Interpreter, choose, fallback, running
from zaffre.environments.solver import Solver

HERE = [
    Interpreter(Path(f"/python/{text}"), (int(text.split(".")[0]), int(text.split(".")[1]), int(text.split(".")[2])))
    for text in ("3.6.15", "3.8.18", "3.9.18", "3.10.13", "3.11.2", "3.12.1")
]


def chosen(
    python: str,
    *,
    floor: tuple[int, int] = ANY_FLOOR,
    is_default: bool = False,
    mode: str = "auto",
    here: list[Interpreter] = HERE,
) -> Choice:
    return choose(parse(python).clauses, here, floor=floor, is_default=is_default, mode=mode)


@pytest.mark.parametrize(
    ("python", "version"),
    [
        ("python=3.9", "3.9.18"),
        ("python=3.9.*", "3.9.18"),
        ("python=3.9.18", "3.9.18"),
        ("python>=3.9,<3.11", "3.10.13"),
        ("python<3.9", "3.8.18"),
        ("python<=3.10", "3.10.13"),
        ("python>3.11", "3.12.1"),
        ("python~=3.9.1", "3.9.18"),
        ("python!=3.12.*,>=3.11.0", "3.11.2"),
        ("python=3", "3.12.1"),
    ],
)
def test_a_python_that_is_there_is_taken_without_a_word(python: str, version: str) -> None:
    choice = chosen(python, here=[found for found in HERE if found.version != running().version])
    assert choice.interpreter.text == version
    assert choice.notice == ""


def test_another_patch_of_the_same_minor_is_taken_and_said_also_when_strict() -> None:
    choice = chosen("python=3.9.7", mode="strict")
    assert choice.interpreter.text == "3.9.18"
    assert "asks for Python 3.9.7, which is not on this machine; Python 3.9.18 is used" in choice.notice


@pytest.mark.parametrize(
    ("python", "version"), [("python=3.6.2", "3.10.13"), ("python=3.7", "3.10.13"), ("python=3.14", "3.12.1")]
)
def test_the_nearest_python_stands_for_one_that_is_not_there(python: str, version: str) -> None:
    choice = chosen(python)
    assert choice.interpreter.text == version
    assert choice.notice.startswith("NOTICE: the environment asks for Python")


def test_strict_refuses_another_minor_and_names_what_is_there() -> None:
    with pytest.raises(
        EnvironmentBuildFailed, match=r"asks for Python 3\.7.*found: 3\.6\.15, .*ZAFFRE_PYTHON_FALLBACK is strict"
    ):
        chosen("python=3.7", mode="strict")


def test_strict_lets_a_librarys_default_version_be_another() -> None:
    choice = chosen("python=3.8.13", floor=OWN_FLOOR, is_default=True, mode="strict")
    assert choice.interpreter.text == "3.10.13"
    assert "asks for the default Python version 3.8.13" in choice.notice


def test_our_own_client_needs_a_newer_python() -> None:
    choice = chosen("python=3.8", floor=OWN_FLOOR)
    assert choice.interpreter.text == "3.10.13"
    assert "older than what Zaffre's own client needs (3.10)" in choice.notice


def test_no_wish_means_the_python_that_runs_this_code() -> None:
    assert choose((), [*HERE, running()], floor=OWN_FLOOR, is_default=False, mode="strict").interpreter == running()


def test_no_python_that_is_new_enough_is_an_error() -> None:
    with pytest.raises(
        EnvironmentBuildFailed, match=r"No Python 3\.10 or newer is on this machine \(found: 3\.8\.18\)"
    ):
        chosen("python=3.8", floor=OWN_FLOOR, here=[HERE[1]])


def test_the_setting_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZAFFRE_PYTHON_FALLBACK", raising=False)
    assert fallback() == "auto"
    monkeypatch.setenv("ZAFFRE_PYTHON_FALLBACK", "strict")
    assert fallback() == "strict"
    monkeypatch.setenv("ZAFFRE_PYTHON_FALLBACK", "never")
    with pytest.raises(InvalidValue, match="'never' is neither"):
        fallback()


def test_pyenvs_shims_are_not_asked_where_its_pythons_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each shim starts a shell that looks for the version to start: seconds, for what is known already."""
    shims, mark = tmp_path / "shims", tmp_path / "asked"
    shims.mkdir()
    (shims / "python3").write_text(f'#!/bin/sh\ntouch {mark}\nexec {sys.executable} "$@"\n')
    (shims / "python3").chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", f"{shims}{os.pathsep}/usr/bin:/bin")
    solver = Solver(tmp_path, lambda _: None)
    solver.pythons()
    assert mark.exists()
    mark.unlink()
    programs = tmp_path / "versions" / "3.11.0" / "bin"
    programs.mkdir(parents=True)
    (programs / "python3").symlink_to(sys.executable)
    solver.pythons()
    assert not mark.exists()
