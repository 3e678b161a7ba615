"""Bytecode of wheels: compiled once, and linked into every environment that has the wheel."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

from tests.environments.builder import Builder, definition, run
from zaffre.environments import disk
from zaffre.environments.realise import Realised


def compiled(realised: Realised, package: str) -> list[Path]:
    return sorted((realised.python.parent.parent / "lib").glob(f"python*/site-packages/{package}/**/*.pyc"))


def test_a_wheel_is_compiled_once_for_all_environments(build: Builder) -> None:
    first = build(definition({"pip": ["idna==3.10"]}))
    assert compiled(first, "idna")
    other = build(definition({"pip": ["idna==3.10", "six==1.16.0"]}))
    assert [file.stat().st_ino for file in compiled(other, "idna")] == [
        file.stat().st_ino for file in compiled(first, "idna")
    ]
    told = subprocess.run([other.python, "-I", "-v", "-c", "import idna, six"], capture_output=True, text=True).stderr
    assert "bytecode is stale" not in told
    for module in ("idna/__init__.py", "six.py"):
        assert any(" matches " in line and line.endswith(f"site-packages/{module}") for line in told.splitlines())
    assert run(other, "import idna; print(idna.encode.__code__.co_filename)").startswith(
        str(other.python.parent.parent)
    )


def test_bytecode_that_is_gone_or_of_other_files_is_made_again(build: Builder) -> None:
    first = build(definition({"pip": ["six==1.16.0"]}))
    (kept,) = (build.home / "bytecode").glob("*/six-1.16.0.dist-info-*")
    file = next(kept.rglob("*.pyc"))
    file.unlink()
    kept.rename(kept.with_name("six-1.16.0.dist-info-other"))
    again = build(definition({"pip": ["six==1.16.0", "idna==3.10"]}))
    told = subprocess.run([again.python, "-I", "-v", "-c", "import six"], capture_output=True, text=True).stderr
    assert any(" matches " in line and line.endswith("site-packages/six.py") for line in told.splitlines())
    assert first.key != again.key


def test_what_no_environment_shares_is_removed_with_the_environments(build: Builder) -> None:
    first = build(definition({"pip": ["six==1.16.0"]}))
    disk.prune(build.home, unused_for=1000, log=lambda _: None)
    assert len(list((build.home / "bytecode").glob("*/six-*"))) == 1
    assert [item.key for item in disk.prune(build.home, unused_for=0, log=lambda _: None)] == [first.key]
    assert list((build.home / "bytecode").glob("*/six-*")) == []


def test_a_file_that_is_no_python_is_passed_over(build: Builder, tmp_path: Path) -> None:
    file, info = tmp_path / "odd-1.0-py3-none-any.whl", "odd-1.0.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("odd/__init__.py", "A = 1\n")
        archive.writestr("odd/template.py", "{{ name }} = !\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "odd/__init__.py,,\nodd/template.py,,\n")
    realised = build(definition({"pip": [str(file)]}))
    assert run(realised, "import odd; print(odd.A)") == "1"
    assert [file.name.partition(".")[0] for file in compiled(realised, "odd")] == ["__init__"]
