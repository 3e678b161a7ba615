from __future__ import annotations

from pathlib import Path

import pytest

from tests.environments.builder import Builder
from tests.environments.channel import Channel


@pytest.fixture(scope="session")
def python_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This machine's Python as a conda package, made once."""
    return Channel(tmp_path_factory.mktemp("python") / "channel").add_python()


@pytest.fixture
def channel(tmp_path: Path, python_archive: Path) -> Channel:
    """A channel with a Python and a few modules: alpha needs beta 2, gamma needs beta 1."""
    made = Channel(tmp_path / "channels" / "local")
    made.add_python(archive=python_archive)
    made.add_module("alpha", "1.0", depends=["python", "beta >=2"], entry_points=["alpha-say = alpha:main"])
    made.add_module("beta", "1.0")
    made.add_module("beta", "2.0")
    made.add_module("gamma", "1.0", depends=["python", "beta <2"])
    native = {"etc/native.conf": b"home=PREFIX_PLACEHOLDER\n", "bin/native": b"#!/bin/sh\necho native\n"}
    made.add("native", "1.0", native, depends=["__glibc >=2.17"], prefix_files=["etc/native.conf"])
    return made


@pytest.fixture
def build(home: Path) -> Builder:
    return Builder(home)
