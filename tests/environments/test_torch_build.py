"""Which build of PyTorch is taken, from wheels that stand in for the real ones by their names."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from tests.environments.builder import Builder, definition, run
from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.environments import torch_build
from zaffre.environments.interpreters import Interpreter, choose

HERE = f"cp{sys.version_info.major}{sys.version_info.minor}"


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the machine has wheels; PyTorch's index is asked for and cannot be reached."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    monkeypatch.setenv("ZAFFRE_TORCH", "cpu")
    monkeypatch.setattr(torch_build, "_INDEX", "http://127.0.0.1:9/whl")
    return folder


def wheel(folder: Path, name: str, version: str, tag: str = HERE) -> None:
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        kind = f"Root-Is-Purelib: true\nTag: {tag}-none-any\n"
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: x\n{kind}")
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/RECORD,,\n")


def test_the_cpu_build_is_a_setting(build: Builder, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("1.0.0+cpu", "1.1.0+cpu", "1.2.0"):
        wheel(wheels, "torch", version)
    monkeypatch.setenv("PIP_FIND_LINKS", f"{wheels.parent} {wheels}")
    realised = build(definition({"pip": ["torch"]}))
    assert run(realised, "import torch; print(torch.VERSION)") == "1.1.0+cpu"
    assert "PyTorch is taken in its build for cpu (ZAFFRE_TORCH): torch==1.1.0+cpu." in build.log
    monkeypatch.delenv("PIP_FIND_LINKS")
    with pytest.raises(EnvironmentBuildFailed, match=r"ZAFFRE_TORCH=cpu asks for .* cannot be reached"):
        build(definition({"pip": ["torch"]}))


def test_what_is_built_on_pytorch_is_taken_in_the_same_build_or_not_at_all(build: Builder, wheels: Path) -> None:
    wheel(wheels, "torch", "1.1.0+cpu")
    with pytest.raises(EnvironmentBuildFailed, match=rf"put torchvision-VERSION\+cpu-{HERE}-\.\.\. into a folder"):
        build(definition({"pip": ["torch", "torchvision"]}))
    wheel(wheels, "torchvision", "0.1.0+cpu")
    wheel(wheels, "torchvision", "0.2.0+cu126")
    realised = build(definition({"pip": ["torch", "torchvision"]}))
    assert run(realised, "import torchvision; print(torchvision.VERSION)") == "0.1.0+cpu"


def test_a_python_that_stands_in_is_one_that_the_build_is_there_for(wheels: Path) -> None:
    for tag in ("cp311", "cp312"):
        wheel(wheels, "torch", "1.1.0+cpu", tag)
    wheel(wheels, "torchvision", "0.1.0+cpu", "cp311")
    here = [Interpreter(Path(f"/python3.{minor}"), (3, minor, 1)) for minor in (10, 11, 12)]

    def chosen(pin: str, *packages: str, build: str = "cpu") -> tuple[int, int, int]:
        suiting = torch_build.pythons(build, packages)
        found = choose([("=", pin)], here, floor=(3, 10), is_default=False, mode="nearest", suiting=suiting)
        return found.interpreter.version

    assert chosen("3.6.2", "torch", "torchvision") == (3, 11, 1)
    assert chosen("3.13", "torch") == (3, 12, 1)
    assert chosen("3.6.2", "six") == chosen("3.6.2", "torch", build="") == (3, 10, 1)
    assert chosen("3.10", "torch") == (3, 10, 1)  # one that was asked for is never exchanged
